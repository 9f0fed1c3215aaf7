import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type { CanaryAnswer } from '../../src/admin/canaries-api.ts';
import type { HistoryAnswer } from '../../src/admin/weights-api.ts';
import { startRollout } from '../../src/canary/commands.ts';
import { planOf } from '../../src/canary/document.ts';
import { openRedisBoard } from '../../src/canary/redis-board.ts';
import { type Load, startLoad } from '../support/load.ts';
import { type RunningGateway, type RunningProcess, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, type RedisServer, startConsul, startRedis } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real Consul, real Redis, three real gateways, and services as bad as they are said to be. */
let consul: ConsulServer;
let redisServer: RedisServer;
let redis: Redis;
const gateways: RunningGateway[] = [];
const services: Service[] = [];

const killed = new Set<RunningGateway>();
const alive = (): RunningGateway[] => gateways.filter(gateway => !killed.has(gateway));

const startOne = async (): Promise<RunningGateway> => {
  const args = ['--consul', consul.address, '--redis', redisServer.url, '--access-log', 'off'];
  const gateway = await runGateway(args);
  gateways.push(gateway);
  return gateway;
};

before(async () => {
  [consul, redisServer] = await Promise.all([startConsul(), startRedis()]);
  redis = new Redis(redisServer.url);
  await Promise.all([startOne(), startOne(), startOne()]);
  await Promise.all(gateways.map(gateway => gateway.serving()));
});
after(async () => {
  await Promise.all(gateways.map(gateway => gateway.stop()));
  redis.disconnect();
  await Promise.all([...services.map(each => each.stop()), consul.stop(), redisServer.stop()]);
});

/** v1 has all the traffic, and v2 is there. */
const release = async (name: string, v2: RequestListener): Promise<void> => {
  await redis.hset(`sluice:weights:${name}`, { v1: 100 });
  const listeners: [string, RequestListener | string][] = [
    ['v1', 'v1'],
    ['v2', v2],
  ];
  for (const [version, listener] of listeners) {
    const service = await startService(listener);
    services.push(service);
    const tags = [`path=/${name}`, `version=${version}`];
    await register(consul.address, { ID: `${name}-${version}`, Name: name, Port: service.port, Tags: tags });
  }
  for (const gateway of alive()) {
    const front = await gateway.serving();
    await eventually(async () => (await fetch(`${front}/${name}`, { headers: { 'x-version': 'v2' } })).ok, {
      within: 5_000,
      hint: `${name} is routed`,
    });
  }
};

/** The command, over Redis. */
const canary = (...args: string[]): RunningProcess =>
  run('dist/src/cli/main.js', ['canary', ...args, '--redis', redisServer.url]);

const load = (t: TestContext, name: string, perSecond: number): Promise<Load[]> =>
  Promise.all(
    alive().map(async gateway =>
      startLoad(t, `${await gateway.serving()}/${name}`, { perSecond: perSecond / 3 }),
    ),
  );

const status = async (name: string): Promise<CanaryAnswer> => {
  const asked = canary('status', name, '--json');
  assert.equal(await asked.exited, 0, asked.stderr());
  return JSON.parse(asked.stdout()) as CanaryAnswer;
};

const ledgerOf = async (name: string): Promise<HistoryAnswer['entries']> => {
  const answer = await fetch(`${alive()[0]?.admin}/api/weights/${name}/history?count=100`);
  return ((await answer.json()) as HistoryAnswer).entries.toReversed();
};

const shareSet = async (name: string, version: string): Promise<number> =>
  Number(await redis.hget(`sluice:weights:${name}`, version));

describe('a rollout of real processes', () => {
  it('of a good version reaches 100 %, and the ledger tells the whole story', async t => {
    await release('good', (_req, res) => res.end('v2'));
    await load(t, 'good', 240);
    const plan = ['--to', 'v2', '--steps', '20,60,100', '--every', '1s', '--min-requests', '30'];
    const watched = canary('start', 'good', ...plan, '--reason', 'release 7', '--watch');
    assert.equal(await watched.exited, 0, watched.stdout() + watched.stderr());
    for (const text of ['step 1 of 3: v2 at 20 %', 'step 3 of 3: v2 at 100 %', 'promoted: v2 has 100 %']) {
      assert.ok(watched.stdout().includes(text), watched.stdout());
    }
    const { id, outcome, startedBy, reason, story, canary: rates } = await status('good');
    assert.deepEqual({ outcome, reason }, { outcome: 'promoted', reason: 'release 7' });
    assert.ok(rates.requests >= 30, `${rates.requests} requests in the last step`);
    assert.ok(story.length >= 5 && story[0]?.text === `asked for by ${startedBy}`);
    const [byHand, ...steps] = await ledgerOf('good');
    assert.equal(byHand?.source, 'hand');
    assert.deepEqual(
      steps.map(({ actor, source, to, reason }) => [actor, source, to.v2, reason]),
      [
        [`canary ${id}`, 'canary', '20', 'step 1 of 3: v2 at 20 %'],
        [`canary ${id}`, 'canary', '60', 'step 2 of 3: v2 at 60 %'],
        [`canary ${id}`, 'canary', '100', 'step 3 of 3: v2 at 100 %'],
      ],
    );
    const { canaries } = (await (await fetch(`${alive()[1]?.admin}/api/canaries`)).json()) as {
      canaries: CanaryAnswer[];
    };
    assert.deepEqual(
      canaries.map(({ service, outcome }) => [service, outcome]),
      [['good', 'promoted']],
    );
  });

  it('of a bad version (5 % errors) goes back within 15 s of 500 canary requests', async t => {
    let requests = 0;
    let reached = Number.NaN;
    await release('bad', (_req, res) => {
      requests += 1;
      if (requests === 500) reached = performance.now();
      res.statusCode = requests % 20 === 10 ? 500 : 200;
      res.end('v2');
    });
    await load(t, 'bad', 450);
    const begun = canary('start', 'bad', '--to', 'v2', '--steps', '25,100', '--every', '60s');
    assert.equal(await begun.exited, 0, begun.stderr());
    const again = canary('start', 'bad', '--to', 'v2');
    assert.equal(await again.exited, 1);
    assert.match(again.stderr(), /a rollout of bad to v2 runs already/);
    await eventually(async () => (await shareSet('bad', 'v2')) === 0, {
      within: 40_000,
      hint: () => `v2 has no traffic any more; it had ${requests} requests`,
    });
    const took = Number.isNaN(reached) ? 0 : (performance.now() - reached) / 1_000;
    t.diagnostic(`rolled back ${took.toFixed(1)} s after 500 canary requests; there were ${requests}`);
    assert.ok(took < 15, `${took} s after 500 requests`);
    const { outcome, why = '' } = await status('bad');
    assert.equal(outcome, 'rolled back');
    assert.match(why, /errors \d/);
    const last = (await ledgerOf('bad')).at(-1);
    assert.deepEqual(last?.to, { v1: '100', v2: '0' });
    assert.equal(last?.reason, `rolled back, ${why}`);
  });

  it('begins with copies where they are wanted: v2 is judged by them and answers nobody', async t => {
    let requests = 0;
    await release('copied', (_req, res) => {
      requests += 1;
      res.statusCode = requests % 5 === 0 ? 500 : 200;
      res.end('v2');
    });
    const before = requests;
    const loads = await load(t, 'copied', 300);
    const plan = ['--to', 'v2', '--mirror', '50%', '--steps', '100', '--every', '60s'];
    const watched = canary('start', 'copied', ...plan, '--watch');
    assert.equal(await watched.exited, 1);
    assert.match(watched.stdout(), /step 1 of 2: copies of 50 % for v2/);
    assert.match(watched.stdout(), /rolled back: .*errors \d/);
    assert.ok(requests > before + 20, `v2 had ${requests - before} copies`);
    for (const each of loads) {
      const { statuses, bad } = await each.stop();
      assert.deepEqual(Object.keys(statuses), ['200'], bad.join('\n'));
    }
  });

  it('is refused where there is nothing to roll out, in words', async () => {
    await release('refused', (_req, res) => res.end('v2'));
    for (const [args, words] of [
      [['nowhere', '--to', 'v2'], /nowhere is not in the catalog/],
      [['refused', '--to', 'v9'], /refused has no live version v9 \(live: v1, v2\)/],
      [['refused'], /--to: name the version/],
      [['refused', '--to', 'v2', '--steps', '5,1'], /--steps "5,1": expected rising percents/],
    ] as const) {
      const asked = canary('start', ...args);
      assert.notEqual(await asked.exited, 0);
      assert.match(asked.stderr(), words);
    }
  });

  it('needs no Redis where a gateway with workers is alone: commands go to its admin API', async t => {
    const flags = ['--consul', consul.address, '--redis', 'off', '--access-log', 'off', '--workers', '2'];
    const gateway = await runGateway(flags);
    t.after(() => gateway.stop());
    const admin = gateway.admin.replace('http://', '');
    const ask = async (...args: string[]): Promise<string> => {
      const asked = run('dist/src/cli/main.js', [...args, '--admin', admin]);
      assert.equal(await asked.exited, 0, asked.stderr());
      return asked.stdout();
    };
    await release('alone', (_req, res) => res.end('v2'));
    const front = await gateway.serving();
    await ask('weights', 'set', 'alone', 'v1=100');
    startLoad(t, `${front}/alone`, { perSecond: 100 });
    const plan = [
      '--to',
      'v2',
      '--steps',
      '50,100',
      '--mirror',
      '50%',
      '--every',
      '1s',
      '--min-requests',
      '30',
    ];
    await ask('canary', 'start', 'alone', ...plan);
    await eventually(
      async () => (JSON.parse(await ask('canary', 'status', 'alone', '--json')) as CanaryAnswer).step === 2,
      { within: 20_000, hint: 'what the workers counted lets it go on' },
    );
    assert.match(await ask('canary', 'pause', 'alone', '--reason', 'lunch'), /paused by /);
    assert.match(await ask('canary', 'promote', 'alone'), /alone: promoted/);
    assert.equal(await (await fetch(`${front}/alone`)).text(), 'v2');
    assert.match(await ask('canary', 'status'), /alone +v2 +promoted/);
  });

  it('has exactly its five steps, whoever leads being killed -9 at each of them', {
    timeout: 120_000,
  }, async t => {
    await release('killed', (_req, res) => res.end('v2'));
    const board = openRedisBoard({ url: redisServer.url, prefix: 'sluice:', id: 'the test' });
    const hints = new Redis(redisServer.url);
    t.after(async () => {
      hints.disconnect();
      await board.close();
    });
    const leader = (): RunningGateway | undefined =>
      alive()
        .map(gateway => ({
          gateway,
          fence: Number(gateway.log().findLast(line => 'fence' in line)?.fence ?? 0),
        }))
        .sort((a, b) => b.fence - a.fence)[0]?.gateway;
    const replacements: Promise<RunningGateway>[] = [];
    // The message is published within the write of a step: its leader dies before it can tell what it has done.
    await hints.subscribe('sluice:weights');
    hints.on('message', (_channel, service: string) => {
      const victim = leader();
      if (service !== 'killed' || replacements.length === 5 || victim === undefined) return;
      killed.add(victim);
      victim.signal('SIGKILL');
      replacements.push(startOne());
    });
    const plan = planOf({ values: new Map() }, 'test', { to: 'v2', every: '1s', minRequests: '0' });
    const { id } = await startRollout(board, 'killed', plan, { actor: 'the test' });
    await eventually(async () => (await board.read('killed'))?.rollout.phase === 'over', {
      within: 100_000,
      hint: 'the rollout is over',
    });
    await Promise.all(replacements);
    assert.equal(killed.size, 5, 'a leader died at each step');
    const { outcome } = await status('killed');
    assert.equal(outcome, 'promoted');
    const [, ...steps] = await ledgerOf('killed');
    assert.deepEqual(
      steps.map(({ actor, to }) => [actor, to.v2]),
      ['1', '5', '25', '50', '100'].map(share => [`canary ${id}`, share]),
    );
  });
});
