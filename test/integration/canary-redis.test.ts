import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it, type TestContext } from 'node:test';
import type { CanaryAnswer } from '../../src/admin/canaries-api.ts';
import type { HistoryAnswer } from '../../src/admin/weights-api.ts';
import { slotOf } from '../../src/redis/slot.ts';
import { startLoad } from '../support/load.ts';
import { run, runGateway } from '../support/processes.ts';
import {
  ask,
  documentedRights,
  makeCertificates,
  startCluster,
  startReplica,
  startSentinel,
} from '../support/redis-fleet.ts';
import { type ConsulServer, freePorts, startConsul, startRedis } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/**
 * Rollouts over Redis as people run it, by gateways and commands that have no rights but those that docs/operations.md
 * names: a good version gets all the traffic, a bad one loses it, and a primary that dies costs neither a request nor a step.
 */
const RIGHTS = documentedRights('gateways');
const USER = ['--user', 'gateway', 'on', '>s3cret', ...RIGHTS];

let consul: ConsulServer;
const services: Service[] = [];
before(async () => {
  consul = await startConsul();
  for (const [version, fails] of [
    ['v1', 0],
    ['good', 0],
    ['bad', 0.3],
  ] as const) {
    let requests = 0;
    const service = await startService((_req, res) => {
      requests += 1;
      res.statusCode = requests % 10 < fails * 10 ? 500 : 200;
      res.end(version);
    });
    services.push(service);
    const tags = ['path=/orders', `version=${version}`];
    await register(consul.address, { ID: version, Name: 'orders', Port: service.port, Tags: tags });
  }
});
after(() => Promise.all([consul, ...services].map(each => each.stop())));

interface Place {
  /** `sluice …`, over this Redis; fails unless it ends with this code. */
  sluice(code: number, ...args: string[]): Promise<string>;
  status(): Promise<CanaryAnswer>;
  /** Share of the version, actor and reason of each entry, the oldest first. */
  ledger(version: string): Promise<(readonly [share: string | undefined, reason: string | undefined])[]>;
  readonly fronts: readonly string[];
}

/** Two gateways, with all the traffic at v1. */
const open = async (t: TestContext, url: string, prefix = 'sluice:'): Promise<Place> => {
  const redis = ['--redis', url, '--redis-prefix', prefix];
  const flags = ['--consul', consul.address, ...redis, '--access-log', 'off'];
  const gateways = await Promise.all([runGateway(flags), runGateway(flags)]);
  t.after(() => Promise.all(gateways.map(gateway => gateway.stop())));
  const sluice: Place['sluice'] = async (code, ...args) => {
    const command = run('dist/src/cli/main.js', [...args, ...redis]);
    assert.equal(await command.exited, code, `${args.join(' ')}: ${command.stdout()}${command.stderr()}`);
    return command.stdout();
  };
  const place: Place = {
    sluice,
    fronts: await Promise.all(gateways.map(async gateway => `${await gateway.serving()}/orders`)),
    status: async () => JSON.parse(await sluice(0, 'canary', 'status', 'orders', '--json')) as CanaryAnswer,
    ledger: async version => {
      const answer = await sluice(0, 'weights', 'history', 'orders', '--json');
      const { entries } = JSON.parse(answer) as HistoryAnswer;
      return entries.toReversed().map(({ to, reason }) => [to[version], reason] as const);
    },
  };
  await sluice(0, 'weights', 'set', 'orders', 'v1=100');
  for (const front of place.fronts) {
    await eventually(async () => (await (await fetch(front)).text()) === 'v1', {
      within: 5_000,
      hint: 'v1 has the traffic',
    });
  }
  return place;
};

const loadAll = (t: TestContext, { fronts }: Place, perSecond: number) =>
  fronts.map(front => startLoad(t, front, { perSecond: perSecond / fronts.length }));

const STEPS = ['20', '60', '100'];
const plan = (to: string, every: string): string[] => [
  'canary',
  'start',
  'orders',
  '--to',
  to,
  '--steps',
  STEPS.join(),
  '--every',
  every,
  '--min-requests',
  '30',
];
const STORY = STEPS.map((share, i) => [share, `step ${i + 1} of 3: good at ${share} %`]);

const goesBack = async (place: Place): Promise<void> => {
  await place.sluice(0, 'weights', 'set', 'orders', 'v1=100');
  assert.match(await place.sluice(1, ...plan('bad', '60s'), '--watch'), /rolled back: .*errors \d/);
  const last = (await place.ledger('bad')).at(-1);
  assert.equal(last?.[0], '0');
  assert.match(last?.[1] ?? '', /^rolled back, /);
};

/** @param fail kills the primary, and ends when another has been chosen */
const outlives = async (t: TestContext, place: Place, fail: () => Promise<void>): Promise<void> => {
  const loads = loadAll(t, place, 240);
  await place.sluice(0, ...plan('good', '3s'));
  await eventually(async () => (await place.status()).phase === 'watching', {
    within: 5_000,
    hint: 'the first step is in force',
  });
  await fail();
  await eventually(async () => (await place.status()).outcome === 'promoted', {
    within: 40_000,
    hint: 'it goes on to the end',
  });
  assert.deepEqual((await place.ledger('good')).slice(1), STORY);
  for (const load of loads) {
    const { statuses, requests, p99, bad } = await load.stop();
    t.diagnostic(`${requests} requests, p99 ${p99} ms`);
    assert.deepEqual(statuses, { 200: requests }, bad.join('\n'));
  }
};

it('TLS, and a user with least rights', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-canary-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { ca, cert, key } = makeCertificates(folder);
  const { tls } = await freePorts(['tls']);
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', ca];
  const redis = await startRedis({ persist: false, args: ['--tls-port', `${tls}`, ...files, ...USER] });
  t.after(() => redis.stop());
  const place = await open(
    t,
    `rediss://gateway:s3cret@127.0.0.1:${tls}?cacert=${ca}&cert=${cert}&key=${key}`,
  );
  loadAll(t, place, 240);
  assert.match(await place.sluice(0, ...plan('good', '1s'), '--watch'), /promoted: good has 100 %/);
  assert.deepEqual((await place.ledger('good')).slice(1), STORY);
  await goesBack(place);
});

it('Sentinel, whose primary dies in the first step', async t => {
  const primary = await startRedis({ persist: false, args: USER });
  t.after(() => primary.stop());
  const replica = await startReplica(primary.port, USER);
  t.after(() => replica.stop());
  const sentinel = await startSentinel(primary.port);
  t.after(() => sentinel.stop());
  await eventually(
    async () => ((await ask(sentinel.port, 'SENTINEL', 'replicas', 'main')) as unknown[]).length === 1,
    { within: 15_000, hint: 'the Sentinel knows the replica' },
  );
  const place = await open(t, `redis+sentinel://gateway:s3cret@127.0.0.1:${sentinel.port}/main`);
  await outlives(t, place, async () => {
    await ask(primary.port, 'WAIT', '1', '1000');
    await primary.kill('SIGKILL');
    await eventually(async () => String(await ask(replica.port, 'ROLE')).startsWith('master'), {
      within: 15_000,
      hint: 'the replica is the primary',
    });
  });
  loadAll(t, place, 240);
  await goesBack(place);
});

it('a cluster, whose node with our keys dies in the first step', async t => {
  const prefix = '{sluice}:';
  const rights = [...RIGHTS, ...documentedRights('on a cluster besides')];
  const ours = rights.map(right => right.replace('sluice:', prefix));
  const cluster = await startCluster(slotOf(prefix), ['--user', 'gateway', 'on', '>s3cret', ...ours]);
  t.after(() => cluster.stop());
  const nodes = cluster.primaries.filter(node => node !== cluster.owner);
  const place = await open(
    t,
    `redis+cluster://gateway:s3cret@${nodes.map(({ port }) => `127.0.0.1:${port}`).join()}`,
    prefix,
  );
  await outlives(t, place, async () => {
    await ask(cluster.owner.port, 'WAIT', '1', '1000');
    await cluster.owner.kill('SIGKILL');
    await eventually(async () => String(await ask(cluster.replica.port, 'ROLE')).startsWith('master'), {
      within: 15_000,
      hint: 'the replica is the primary',
    });
  });
  loadAll(t, place, 240);
  await goesBack(place);
});
