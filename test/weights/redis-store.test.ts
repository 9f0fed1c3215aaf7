import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import type { ServiceWeights, Weights } from '../../src/core/model/split.ts';
import { type Change, WeightsError } from '../../src/core/model/weights.ts';
import { createLog, silentLog } from '../../src/telemetry/log.ts';
import { openRedisStore, type RedisStoreOptions } from '../../src/weights/redis-store.ts';
import type { WeightStore } from '../../src/weights/store.ts';
import { freePorts, startRedis } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';
import { shareRedis } from './redis.ts';

const ann: Change = { actor: 'ann', source: 'cli' };
const weights = (named: Record<string, number>): Weights => new Map(Object.entries(named));

/** So rare that nothing heals by it while the test runs. */
const NEVER_MS = 3_600_000;

const shared = shareRedis();
const { newPrefix } = shared;

const open = (
  t: TestContext,
  options: Partial<RedisStoreOptions> = {},
): { store: WeightStore; lines: string[] } => {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', name: 'test', destination: { write: line => lines.push(line) } });
  return { store: shared.open(t, { log, ...options }), lines };
};

/** Waits until what is in force for `orders` is as wanted. */
const inForce = (
  store: WeightStore,
  wanted: (state: ServiceWeights) => boolean,
  within = 3_000,
): Promise<ServiceWeights> =>
  eventually(
    () => {
      const state = store.current().get('orders');
      return state !== undefined && wanted(state) && state;
    },
    {
      within,
      hint: `orders in force; it is ${JSON.stringify([...(store.current().get('orders')?.weights ?? [])])}`,
    },
  );

const weightOf = (version: string, weight: number) => (state: ServiceWeights) =>
  state.weights?.get(version) === weight;

describe('weights changed by hand', () => {
  test('a store that is closed while it begins harms nobody', async () => {
    const { redis: away } = await freePorts(['redis']);
    for (const url of [shared.server.url, `redis://127.0.0.1:${away}`]) {
      for (let turns = 0; turns < 20; turns++) {
        const store = openRedisStore({ url, log: silentLog });
        const followed = store.follow(['orders']);
        for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve));
        await store.close();
        await followed;
      }
    }
  });

  test('HSET and PUBLISH are in force within milliseconds', async t => {
    const prefix = newPrefix();
    const { store } = open(t, { prefix, reconcileMs: NEVER_MS });
    await store.follow(['orders']);
    const published = new Map<number, number>();
    const took: number[] = [];
    store.onChange(all => {
      const weight = all.get('orders')?.weights?.get('v2');
      const at = weight === undefined ? undefined : published.get(weight);
      if (at === undefined || weight === undefined) return;
      published.delete(weight);
      took.push(performance.now() - at);
    });
    // The first one waits for the subscription, which comes after the first read.
    await eventually(async () => (await shared.cli.publish(`${prefix}weights`, 'x')) > 0, {
      within: 2_000,
      hint: 'heard',
    });
    for (let i = 1; i <= 20; i++) {
      published.set(i, performance.now());
      await shared.cli
        .multi()
        .hset(`${prefix}weights:orders`, 'v1', 100 - i, 'v2', i)
        .publish(`${prefix}weights`, 'orders')
        .exec();
      await inForce(store, weightOf('v2', i), 1_000);
    }
    assert.equal(took.length, 20);
    const median = took.sort((a, b) => a - b)[10] ?? Number.NaN;
    assert.ok(median < 50, `median ${median} ms`);
  });

  test('HSET without PUBLISH is in force within 3 s', async t => {
    const prefix = newPrefix();
    const { store } = open(t, { prefix, reconcileMs: 2_000 });
    await store.follow(['orders']);
    await shared.cli.hset(`${prefix}weights:orders`, 'v1', 95, 'v2', 5);
    await inForce(store, weightOf('v2', 5), 3_000);
  });

  test('each change is entered into the ledger exactly once, however many gateways notice it', async t => {
    const prefix = newPrefix();
    const gateways = Array.from({ length: 4 }, () => open(t, { prefix }).store);
    await Promise.all(gateways.map(store => store.follow(['orders'])));
    for (let i = 1; i <= 5; i++) {
      await shared.cli.hset(`${prefix}weights:orders`, 'v1', 100 - i, 'v2', i);
      await shared.cli.publish(`${prefix}weights`, 'orders');
      for (const store of gateways) await inForce(store, state => state.revision === i);
    }
    const history = await (gateways[0] as WeightStore).history('orders', 100);
    assert.deepEqual(
      history.map(({ revision, actor, source, to }) => ({ revision, actor, source, v2: to.v2 })),
      [5, 4, 3, 2, 1].map(i => ({ revision: i, actor: 'unknown', source: 'hand', v2: `${i}` })),
    );
  });

  test('a write enters first what was changed by hand before it', async t => {
    const prefix = newPrefix();
    const { store } = open(t, { prefix });
    await store.set('orders', weights({ v1: 1 }), ann);
    await shared.cli.hset(`${prefix}weights:orders`, 'v2', '5.0');
    const entry = await store.set('orders', weights({ v1: 3 }), ann);
    assert.equal(entry.revision, 3);
    const [, byHand] = await store.history('orders', 10);
    assert.deepEqual(
      { ...byHand, at: 0 },
      {
        revision: 2,
        at: 0,
        actor: 'unknown',
        source: 'hand',
        from: { v1: '1' },
        to: { v1: '1', v2: '5.0' },
      },
    );
  });

  test('DEL goes back to the default split and is entered', async t => {
    const prefix = newPrefix();
    const { store } = open(t, { prefix });
    await store.follow(['orders']);
    await store.set('orders', weights({ v1: 1 }), ann);
    await inForce(store, weightOf('v1', 1));
    await shared.cli.del(`${prefix}weights:orders`);
    assert.deepEqual(await inForce(store, state => state.revision === 2), { revision: 2 });
    assert.equal((await store.history('orders', 1))[0]?.source, 'hand');
  });
});

describe('bad values in Redis', () => {
  const spoil: Record<string, (key: string) => Promise<unknown>> = {
    'not a number': key => shared.cli.hset(key, 'v2', 'NaN'),
    negative: key => shared.cli.hset(key, 'v2', '-5'),
    'with a sign': key => shared.cli.hset(key, 'v2', '+5'),
    huge: key => shared.cli.hset(key, 'v2', '1e12'),
    words: key => shared.cli.hset(key, 'v2', 'five'),
    'a bad version name': key => shared.cli.hset(key, 'v 2', '5'),
    'bytes that are no text': key => shared.cli.call('HSET', key, Buffer.from([0xff, 0x00, 0xfe]), '5'),
    'another type': key => shared.cli.multi().del(key).rpush(key, 'v1', '95').exec(),
    '10,000 fields': key =>
      shared.cli.hset(key, Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`x${i}`, '1']))),
    'one value of a megabyte': key => shared.cli.hset(key, 'v2', '1'.repeat(1_000_000)),
  };

  for (const [name, change] of Object.entries(spoil)) {
    test(`the last good weights hold, loudly, and DEL releases them: ${name}`, async t => {
      const prefix = newPrefix();
      const key = `${prefix}weights:orders`;
      const { store, lines } = open(t, { prefix });
      await store.follow(['orders']);
      await store.set('orders', weights({ v1: 95, v2: 5 }), ann);
      await inForce(store, weightOf('v2', 5));
      await change(key);
      const held = await inForce(store, state => state.problem !== undefined);
      assert.deepEqual(held.weights, weights({ v1: 95, v2: 5 }));
      assert.equal(lines.filter(line => line.includes('"warn"')).length, 1, lines.join(''));

      // A gateway that starts now agrees with those that run: the ledger knows.
      const { store: fresh } = open(t, { prefix });
      await fresh.follow(['orders']);
      assert.deepEqual(fresh.current().get('orders')?.weights, weights({ v1: 95, v2: 5 }));
      assert.ok(fresh.current().get('orders')?.problem);

      await shared.cli.del(key);
      assert.equal((await inForce(store, state => state.problem === undefined)).weights, undefined);
    });
  }

  test('a key that holds something else is not overwritten, neither by set nor by clear', async t => {
    const prefix = newPrefix();
    const { store } = open(t, { prefix });
    const isRefusal = (error: unknown): boolean =>
      error instanceof WeightsError && error.code === 'refused' && /is a \w+.*DEL t\d+:/.test(error.message);
    await shared.cli.set(`${prefix}weights:orders`, 'precious');
    await assert.rejects(store.set('orders', weights({ v1: 1 }), ann), isRefusal);
    await assert.rejects(store.clear('orders', ann), isRefusal);
    assert.equal(await shared.cli.get(`${prefix}weights:orders`), 'precious');
    await shared.cli.set(`${prefix}ledger:users`, 'precious');
    await assert.rejects(store.set('users', weights({ v1: 1 }), ann), isRefusal);
    assert.equal(await shared.cli.exists(`${prefix}weights:users`), 0);
  });
});

describe('Redis as it fails', () => {
  test('a change in the gap of a broken subscription heals by the new one', async t => {
    const prefix = newPrefix();
    const { store } = open(t, { prefix, reconcileMs: NEVER_MS });
    await store.follow(['orders']);
    for (let i = 1; i <= 5; i++) {
      await shared.cli
        .multi()
        .call('CLIENT', 'KILL', 'TYPE', 'pubsub')
        .hset(`${prefix}weights:orders`, 'v1', i)
        .publish(`${prefix}weights`, 'orders')
        .exec();
      await inForce(store, weightOf('v1', i), 2_500);
    }
  });

  test('FLUSHALL: the last good weights hold, loudly; set releases them, and so does clear', async t => {
    const { store, lines } = open(t);
    await store.follow(['orders', 'users']);
    for (const service of ['orders', 'users']) await store.set(service, weights({ v1: 95, v2: 5 }), ann);
    await inForce(store, weightOf('v2', 5));
    // They are read in their turn: what was never in force cannot be held.
    await eventually(() => store.current().get('users')?.weights !== undefined, {
      within: 3_000,
      hint: 'users in force',
    });
    await shared.cli.flushall();
    const held = await inForce(store, state => state.problem !== undefined);
    assert.match(held.problem ?? '', /wiped/);
    assert.deepEqual(held.weights, weights({ v1: 95, v2: 5 }));
    assert.ok(lines.some(line => line.includes('"warn"') && line.includes('wiped')));

    assert.equal((await store.set('orders', weights({ v1: 1 }), ann)).revision, 1);
    assert.deepEqual(await inForce(store, state => state.problem === undefined), {
      weights: weights({ v1: 1 }),
      revision: 1,
    });
    await store.clear('users', ann);
    await eventually(() => store.current().get('users')?.problem === undefined, {
      within: 1_000,
      hint: 'released',
    });
    assert.deepEqual(store.current().get('users'), { revision: 1 });
  });

  test('a service that leaves and comes back meanwhile has its last good weights, and the new ones after', async t => {
    const mortal = await startRedis();
    t.after(() => mortal.stop());
    const { store } = open(t, { url: mortal.url, reconcileMs: NEVER_MS });
    await store.follow(['orders', 'users']);
    await store.set('orders', weights({ v1: 100, v2: 0 }), ann);
    await inForce(store, weightOf('v2', 0));
    await mortal.kill('SIGKILL');
    await eventually(() => store.status().state === 'down', { within: 1_000, hint: 'down' });

    await store.follow(['users']);
    await store.follow(['orders', 'users']);
    assert.deepEqual(store.current().get('orders')?.weights, weights({ v1: 100, v2: 0 }));

    await store.follow(['users']);
    await mortal.restart({ wipe: false });
    await eventually(() => store.status().state === 'up', { within: 3_000, hint: 'up' });
    await store.set('orders', weights({ v1: 1, v2: 1 }), ann);
    await store.follow(['orders', 'users']);
    assert.deepEqual(store.current().get('orders')?.weights, weights({ v1: 1, v2: 1 }));
  });

  test('kill -9 and restart, with its data and without', async t => {
    const mortal = await startRedis();
    t.after(() => mortal.stop());
    const { store } = open(t, { url: mortal.url });
    await store.follow(['orders']);
    await store.set('orders', weights({ v1: 95, v2: 5 }), ann);
    await inForce(store, weightOf('v2', 5));

    await mortal.kill('SIGKILL');
    await eventually(() => store.status().state === 'down', { within: 1_000, hint: 'down' });
    assert.ok(store.status().detail);
    assert.deepEqual(store.current().get('orders')?.weights, weights({ v1: 95, v2: 5 }));
    const begun = performance.now();
    await store.follow(['orders', 'users'], 60_000);
    assert.ok(performance.now() - begun < 1_000, 'a store known to be away holds nobody up');

    await mortal.restart({ wipe: false });
    await eventually(() => store.status().state === 'up', { within: 3_000, hint: 'up' });
    assert.equal((await store.set('orders', weights({ v1: 90, v2: 10 }), ann)).revision, 2);
    await inForce(store, weightOf('v2', 10));

    await mortal.restart({ wipe: true });
    const held = await inForce(store, state => state.problem !== undefined);
    assert.deepEqual(held.weights, weights({ v1: 90, v2: 10 }));
    assert.equal(held.revision, 2);
    await store.set('orders', weights({ v1: 1 }), ann);
    await inForce(store, state => state.problem === undefined && weightOf('v1', 1)(state));
  });

  test('Redis away at start: said, not waited for, and followed once it is there', async t => {
    const late = await startRedis({ persist: false });
    t.after(() => late.stop());
    await late.kill('SIGKILL');
    const { store } = open(t, { url: late.url, commandTimeoutMs: 300 });
    await store.follow(['orders'], 60_000);
    assert.equal(store.current().size, 0);
    assert.equal(store.status().state, 'down');
    await assert.rejects(
      store.get('orders'),
      (error: unknown) => error instanceof WeightsError && error.code === 'unavailable',
    );
    await late.restart({ wipe: true });
    await store.ready;
    await inForce(store, state => state.revision === 0);
    assert.equal(store.status().state, 'up');
  });

  test('a stalled Redis: reads and writes end in time, the last known holds, then it goes on', async t => {
    const stalling = await startRedis({ persist: false });
    t.after(() => stalling.stop());
    const { store } = open(t, { url: stalling.url, commandTimeoutMs: 200 });
    await store.follow(['orders']);
    await store.set('orders', weights({ v1: 1 }), ann);
    await inForce(store, weightOf('v1', 1));

    await stalling.kill('SIGSTOP');
    await assert.rejects(
      store.set('orders', weights({ v1: 2 }), ann),
      (error: unknown) => error instanceof WeightsError && error.code === 'unavailable',
    );
    await eventually(() => store.status().state === 'down', { within: 1_000, hint: 'down' });
    const { store: fresh } = open(t, { url: stalling.url });
    const begun = performance.now();
    await fresh.follow(['orders'], 100);
    assert.ok(performance.now() - begun < 1_000, 'the deadline holds');
    assert.deepEqual(store.current().get('orders')?.weights, weights({ v1: 1 }));

    await stalling.kill('SIGCONT');
    await eventually(() => store.status().state === 'up', { within: 3_000, hint: 'up' });
    await store.set('orders', weights({ v1: 3 }), ann);
    await inForce(store, weightOf('v1', 3));
  });

  test('out of memory: a write is refused and nothing is lost', async t => {
    const full = await startRedis({ persist: false });
    t.after(() => full.stop());
    const { store } = open(t, { url: full.url });
    await store.set('orders', weights({ v1: 1 }), ann);
    const operator = new Redis(full.url);
    t.after(() => operator.disconnect());
    await operator.config('SET', 'maxmemory', '1');
    await assert.rejects(
      store.set('orders', weights({ v1: 2 }), ann),
      /out of memory|maxmemory.*free some memory/,
    );
    assert.deepEqual(await store.get('orders'), { weights: weights({ v1: 1 }), revision: 1 });
    assert.equal((await store.history('orders', 10)).length, 1);
  });

  test('a read-only replica is followed; that changes by hand can not be entered is said once', async t => {
    await shared.cli.config('SET', 'repl-diskless-sync-delay', '0');
    const prefix = newPrefix();
    const replica = await startRedis({
      persist: false,
      args: ['--replicaof', '127.0.0.1', `${shared.server.port}`],
    });
    t.after(() => replica.stop());
    const { store, lines } = open(t, { url: replica.url, prefix });
    await store.follow(['orders']);
    await shared.cli.hset(`${prefix}weights:orders`, 'v1', 1);
    await inForce(store, weightOf('v1', 1), 5_000);
    await shared.cli.hset(`${prefix}weights:orders`, 'v1', 2);
    await inForce(store, weightOf('v1', 2));
    const told = (): number => lines.filter(line => line.includes('READONLY')).length;
    await eventually(() => told() > 0, { within: 2_000, hint: 'it says so' });
    assert.equal(told(), 1, lines.join(''));
    await assert.rejects(
      store.set('orders', weights({ v1: 1 }), ann),
      /READONLY.*point --redis at its primary/,
    );
  });
});

describe('rights and secrets', () => {
  const asUser = (name: string): string => `redis://${name}:s3cret-pw@127.0.0.1:${shared.server.port}`;
  const grant = (name: string, ...rules: string[]) =>
    shared.cli.acl('SETUSER', name, 'reset', 'on', '>s3cret-pw', ...rules);

  test('the rights that the hint names are enough', async t => {
    const prefix = newPrefix();
    await grant(
      'operator',
      ...[
        `~${prefix}*`,
        `&${prefix}*`,
        '+@read',
        '+@write',
        '+@scripting',
        '+@pubsub',
        '+@connection',
        '+time',
      ],
    );
    const { store, lines } = open(t, { url: asUser('operator'), prefix });
    await store.follow(['orders']);
    await store.set('orders', weights({ v1: 1 }), ann);
    await inForce(store, weightOf('v1', 1));
    await shared.cli.hset(`${prefix}weights:orders`, 'v1', 2);
    await inForce(store, state => state.revision === 2);
    assert.ok(!lines.some(line => line.includes('"warn"')), lines.join(''));
  });

  test('a gateway that may only read follows, and says once that it can not enter changes', async t => {
    const prefix = newPrefix();
    await grant('reader', `~${prefix}*`, `&${prefix}*`, '+@read', '+@scripting', '+@pubsub', '+@connection');
    const { store, lines } = open(t, { url: asUser('reader'), prefix });
    await store.follow(['orders']);
    for (let i = 1; i <= 3; i++) {
      await shared.cli.hset(`${prefix}weights:orders`, 'v1', i);
      await inForce(store, weightOf('v1', i));
    }
    const warnings = (): number => lines.filter(line => line.includes('"warn"')).length;
    await eventually(() => warnings() > 0, { within: 2_000, hint: 'it says so' });
    assert.equal(await shared.cli.exists(`${prefix}ledger:orders`), 0);
    assert.equal(warnings(), 1, lines.join(''));
    await assert.rejects(
      store.set('orders', weights({ v1: 1 }), ann),
      (error: unknown) =>
        error instanceof WeightsError && error.message.includes(`the user needs ~${prefix}*`),
    );
  });

  test('a user who may not read is told why, and followed as soon as the rights are there', async t => {
    const prefix = newPrefix();
    const rights = ['+@read', '+@scripting', '+@connection'];
    await grant('stranger', '~else:*', ...rights);
    const { store, lines } = open(t, { url: asUser('stranger'), prefix });
    await store.follow(['orders'], 60_000);
    assert.equal(store.status().state, 'down');
    assert.match(store.status().detail ?? '', /permission.*the user needs ~/i);
    await shared.cli.hset(`${prefix}weights:orders`, 'v1', 1);
    await grant('stranger', `~${prefix}*`, ...rights);
    await inForce(store, weightOf('v1', 1));
    assert.equal(store.status().state, 'up');
    assert.equal(lines.filter(line => line.includes('refuses the subscription')).length, 1, lines.join(''));
  });

  test('no password in any log line or status, right or wrong', async t => {
    await grant('sluice', '~*', '&*', '+@all');
    for (const [password, state] of [
      ['s3cret-pw', 'up'],
      ['s3cret-wrong', 'down'],
    ] as const) {
      const { store, lines } = open(t, { url: `redis://sluice:${password}@127.0.0.1:${shared.server.port}` });
      await store.follow(['orders'], 60_000);
      assert.equal(store.status().state, state);
      assert.ok(lines.length > 0);
      assert.ok(![...lines, JSON.stringify(store.status())].join('').includes('s3cret'), lines.join(''));
    }
  });
});

describe('cost', () => {
  const calls = async (command: string): Promise<number> =>
    Number(
      new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await shared.cli.info('commandstats'))?.[1] ?? 0,
    );

  test('10,000 messages become a few reads; those of other services none', async t => {
    const prefix = newPrefix();
    const { store } = open(t, { prefix, reconcileMs: NEVER_MS });
    await store.follow(['orders']);
    await eventually(async () => (await shared.cli.publish(`${prefix}weights`, 'x')) > 0, {
      within: 2_000,
      hint: 'heard',
    });
    await shared.cli.hset(`${prefix}weights:orders`, 'v1', 0);
    await store.set('orders', weights({ v1: 0 }), ann);
    await inForce(store, weightOf('v1', 0));

    const flood = async (service: string): Promise<number> => {
      await shared.cli.config('RESETSTAT');
      const pipeline = shared.cli.pipeline();
      for (let i = 1; i <= 10_000; i++) pipeline.publish(`${prefix}weights`, service);
      if (service === 'orders') pipeline.hset(`${prefix}weights:orders`, 'v1', 7);
      pipeline.publish(`${prefix}weights`, 'orders');
      await pipeline.exec();
      await inForce(store, weightOf('v1', 7));
      return calls('hgetall');
    };
    const reads = await flood('orders');
    assert.ok(reads > 0 && reads < 200, `${reads} reads`);
    const others = await flood('somebody-else');
    assert.ok(others <= 10, `${others} reads`);
  });

  test('1,000 services are read by a handful of commands', async t => {
    const prefix = newPrefix();
    const { store } = open(t, { prefix, reconcileMs: NEVER_MS });
    await store.ready;
    await shared.cli.config('RESETSTAT');
    const services = Array.from({ length: 1_000 }, (_, i) => `service-${i}`);
    await store.follow(services);
    assert.equal(store.current().size, 1_000);
    const commands = (await calls('evalsha')) + (await calls('eval'));
    assert.ok(commands >= 10 && commands <= 30, `${commands} commands`);
  });

  test('a Redis that forgot the scripts is told again', async t => {
    const { store } = open(t, { prefix: newPrefix() });
    await store.set('orders', weights({ v1: 1 }), ann);
    await shared.cli.script('FLUSH');
    assert.equal((await store.set('orders', weights({ v1: 2 }), ann)).revision, 2);
  });

  test('whoever only writes has one connection and no subscription', async t => {
    const { store } = open(t, { prefix: newPrefix(), name: 'just-writing' });
    await store.set('orders', weights({ v1: 1 }), ann);
    const clients = String(await shared.cli.client('LIST'));
    assert.equal(clients.split('name=just-writing').length - 1, 1);
  });
});
