import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { Redis } from 'ioredis';
import { countAnswers, startLoad } from '../support/load.ts';
import { type RunningGateway, run, runGateway } from '../support/processes.ts';
import { ask, documentedRights, startReplica, startSentinel } from '../support/redis-fleet.ts';
import {
  type ConsulServer,
  freePorts,
  type RedisServer,
  startConsul,
  startRedis,
} from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/**
 * What Redis does on its worst days, each under 200 requests a second: none fails or waits, the last good split is in
 * force meanwhile, and the dial is followed afterwards. The gateways have the rights that docs/operations.md names.
 */
const USER = ['--user', 'gateway', 'on', '>s3cret', ...documentedRights('gateways')];

const KEY = 'sluice:weights:orders';

interface Place {
  readonly gateway: RunningGateway;
  readonly front: string;
  /** An operator's redis-cli. */
  readonly cli: Redis;
}

let consul: ConsulServer;
let redis: RedisServer;
let alone: Place;
const services: Service[] = [];
const running: { stop(): Promise<unknown> }[] = [];

const open = async (url: string, port: number): Promise<Place> => {
  const cli = new Redis({ port });
  running.push({ stop: async () => cli.disconnect() });
  const gateway = await runGateway(['--consul', consul.address, '--redis', url, '--access-log', 'off']);
  running.push(gateway);
  return { gateway, front: await gateway.serving(), cli };
};

before(async () => {
  [consul, redis] = await Promise.all([startConsul(), startRedis({ persist: false, args: USER })]);
  for (const version of ['v1', 'v2']) {
    const service = await startService(version);
    services.push(service);
    await register(consul.address, {
      ...{ ID: version, Name: 'orders', Port: service.port, Tags: ['path=/orders', `version=${version}`] },
    });
  }
  alone = await open(`redis://gateway:s3cret@127.0.0.1:${redis.port}`, redis.port);
});
after(async () => {
  await Promise.all(running.map(each => each.stop()));
  await Promise.all([consul, redis, ...services].map(each => each.stop()));
});

const dial = async ({ cli }: Place, version: 'v1' | 'v2'): Promise<void> => {
  await cli.multi().del(KEY).hset(KEY, version, 1).exec();
  await cli.publish('sluice:weights', 'orders');
};

const isAll = async ({ front }: Place, version: string): Promise<boolean> =>
  (await countAnswers(`${front}/orders`, 20)).get(version) === 20;

const follows = async (place: Place, version: 'v1' | 'v2'): Promise<void> => {
  await dial(place, version);
  await eventually(() => isAll(place, version), { within: 12_000, hint: `the dial turns to ${version}` });
};

/** What the gateway says of its weights. */
const told = async ({ gateway }: Place, words: RegExp): Promise<void> => {
  await eventually(
    async () => {
      const answers = await Promise.all(
        ['/api/weights', '/api/status'].map(async path => (await fetch(gateway.admin + path)).text()),
      );
      return words.test(answers.join('\n'));
    },
    { within: 5_000, hint: `it is told: ${words}` },
  );
};

/** @param script ends when Redis is well again */
const worstDay = (name: string, script: (place: Place) => Promise<void>, place = () => alone): void => {
  it(name, async t => {
    const where = place();
    await follows(where, 'v1');
    const load = startLoad(t, `${where.front}/orders`, { perSecond: 200 });
    const began = performance.now();
    await script(where);
    await eventually(() => performance.now() - began > 500, { within: 1_000, hint: 'requests enough' });
    assert.ok(await isAll(where, 'v1'), 'the last good split is in force');
    const { statuses, requests, p99, bad } = await load.stop();
    t.diagnostic(`${requests} requests, p99 ${p99} ms: ${JSON.stringify(statuses)}`);
    assert.deepEqual(statuses, { 200: requests }, bad.join('\n'));
    assert.ok(requests > 50 && p99 < 1_000, `${requests} requests, p99 ${p99} ms`);
    await follows(where, 'v2');
  });
};

worstDay('it stalls for 5 s', async place => {
  await place.cli.call('CLIENT', 'PAUSE', '5000', 'ALL');
  await told(place, /"state":"down"/);
  assert.ok(await isAll(place, 'v1'));
  await eventually(async () => (await place.cli.ping()) === 'PONG', { within: 8_000, hint: 'it goes on' });
});

worstDay('it is out of memory: a change is refused, with what to do', async place => {
  await place.cli.config('SET', 'maxmemory', '1mb');
  try {
    const command = run('dist/src/cli/main.js', ['weights', 'set', 'orders', 'v2=1', '--redis', redis.url]);
    assert.equal(await command.exited, 1);
    assert.match(command.stderr(), /OOM.*nothing was changed; free some memory first/);
    await assert.rejects(place.cli.hset(KEY, 'v2', 1), /OOM/);
  } finally {
    await place.cli.config('SET', 'maxmemory', '0');
  }
});

worstDay('it is read-only', async place => {
  const { dead } = await freePorts(['dead']);
  await place.cli.replicaof('127.0.0.1', dead);
  try {
    const command = run('dist/src/cli/main.js', ['weights', 'set', 'orders', 'v2=1', '--redis', redis.url]);
    assert.equal(await command.exited, 1);
    assert.match(command.stderr(), /READONLY.*point --redis at its primary/);
  } finally {
    await place.cli.replicaof('NO', 'ONE');
  }
});

worstDay('another type is in the key', async place => {
  await place.cli.multi().del(KEY).rpush(KEY, 'v2', '1').exec();
  await told(place, /the key of the weights holds a list, not a hash: DEL it/);
});

worstDay('10,000 fields are in the hash', async place => {
  await place.cli.hset(KEY, Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`x${i}`, '1'])));
  await told(place, /too large, it has 10001 fields: DEL it/);
});

worstDay('10,000 messages a second', async place => {
  const began = performance.now();
  for (let sent = 0; sent < 20_000; sent += 500) {
    const pipeline = place.cli.pipeline();
    for (let i = 0; i < 500; i++) pipeline.publish('sluice:weights', i % 2 === 0 ? 'orders' : `other-${i}`);
    await pipeline.exec();
    await eventually(() => performance.now() - began >= sent / 10, { within: 5_000, hint: 'the next batch' });
  }
});

worstDay('it is killed and comes back empty: that is told until someone sets the weights', async place => {
  await redis.kill();
  await told(place, /"state":"down"/);
  await redis.restart({ wipe: true });
  await told(place, /Redis was wiped/);
});

it('in all of it, no right was missing', () => {
  assert.doesNotMatch(alone.gateway.stderr(), /NOPERM|permission/i);
});

it('its primary dies: Sentinel fails over, and the gateway follows the next one', async t => {
  const primary = await startRedis({ persist: false, args: USER });
  const replica = await startReplica(primary.port, USER);
  const sentinel = await startSentinel(primary.port);
  running.push(primary, replica, sentinel);
  const url = `redis+sentinel://gateway:s3cret@127.0.0.1:${sentinel.port}/main`;
  const place = await open(url, primary.port);
  await follows(place, 'v1');
  await eventually(
    async () => ((await ask(sentinel.port, 'SENTINEL', 'replicas', 'main')) as unknown[]).length === 1,
    { within: 15_000, hint: 'the Sentinel knows the replica' },
  );
  await eventually(async () => (await place.cli.xlen('sluice:ledger:orders')) === 1, {
    within: 5_000,
    hint: 'the first change by hand is in the ledger',
  });
  await place.cli.call('WAIT', '1', '1000');
  place.cli.disconnect();

  const load = startLoad(t, `${place.front}/orders`, { perSecond: 200 });
  const began = performance.now();
  await primary.kill('SIGKILL');
  await told(place, /"state":"down"/);
  assert.ok(await isAll(place, 'v1'));
  await eventually(async () => String(await ask(replica.port, 'ROLE')).startsWith('master'), {
    within: 15_000,
    hint: 'the replica is the primary',
  });
  const chosen = performance.now();
  const next = new Redis({ port: replica.port });
  running.push({ stop: async () => next.disconnect() });
  await follows({ ...place, cli: next }, 'v2');
  const { statuses, requests, p99, bad } = await load.stop();
  const after = [chosen - began, performance.now() - chosen].map(ms => `${Math.round(ms)} ms`);
  t.diagnostic(`${requests} requests, p99 ${p99} ms; chosen after ${after[0]}, followed ${after[1]} later`);
  assert.deepEqual(statuses, { 200: requests }, bad.join('\n'));
  assert.ok(p99 < 1_000, `p99 ${p99} ms`);
  assert.equal(await next.hget(KEY, 'v2'), '1');
  await eventually(async () => (await next.xlen('sluice:ledger:orders')) >= 2, {
    within: 5_000,
    hint: 'what was changed by hand is in the ledger',
  });
});
