import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type { CanaryAnswer } from '../../src/admin/canaries-api.ts';
import { type Load, startLoad } from '../support/load.ts';
import { type RunningGateway, type RunningProcess, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, type RedisServer, startConsul, startRedis } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** What `test/canary/e2e.test.ts` leaves out; real Consul, Redis, gateways, and services as bad as they are said to be. */
let consul: ConsulServer;
let redisServer: RedisServer;
let redis: Redis;
const gateways: RunningGateway[] = [];
const services: Service[] = [];

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
  for (const gateway of gateways) {
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
    gateways.map(async gateway =>
      startLoad(t, `${await gateway.serving()}/${name}`, { perSecond: perSecond / 3 }),
    ),
  );

describe('a rollout of real processes', () => {
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
});
