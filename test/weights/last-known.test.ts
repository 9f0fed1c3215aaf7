import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type { AllWeights } from '../../src/core/model/split.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { openMemoryStore } from '../../src/weights/memory-store.ts';
import type { WeightStore } from '../../src/weights/store.ts';
import { freePorts, startRedis } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';
import { shareRedis } from './redis.ts';

const orders = { revision: 3, weights: new Map(Object.entries({ v1: 95, v2: 5 })) };
const users = { revision: 0 };
const last: AllWeights = new Map(Object.entries({ orders, users }));
const at = Date.now() - 5_000;

const shared = shareRedis();
const open = (t: TestContext, url?: string, prefix = shared.newPrefix()): WeightStore =>
  shared.open(t, { prefix, last: { weights: last, at }, ...(url === undefined ? {} : { url }) });

describe('a store that begins with last known weights', () => {
  it('is ready with them where Redis is away, and follows Redis when it comes', async t => {
    const { redis: port } = await freePorts(['redis']);
    const store = open(t, `redis://127.0.0.1:${port}`, 'late:');
    await store.ready;
    await store.follow(['orders', 'users']);
    assert.deepEqual(store.current(), last);
    assert.deepEqual([store.status().state, store.status().lastKnown], ['down', at]);

    const late = await startRedis({ port });
    t.after(() => late.stop());
    const client = new Redis(late.url);
    t.after(() => client.disconnect());
    await client.hset('late:weights:orders', { v1: 1, v2: 1 });
    await eventually(() => store.current().get('orders')?.weights?.get('v2') === 1, {
      within: 5_000,
      hint: 'what Redis has',
    });
    assert.deepEqual([store.status().state, store.status().lastKnown], ['up', undefined]);
  });

  it('has them read before they are relied on where Redis is there', async t => {
    const prefix = shared.newPrefix();
    await shared.cli.hset(`${prefix}weights:orders`, { v1: 100, v2: 0 });
    const store = open(t, shared.server.url, prefix);
    await store.ready;
    await store.follow(['orders', 'users']);
    assert.deepEqual(store.current().get('orders')?.weights, new Map(Object.entries({ v1: 100, v2: 0 })));
  });

  it('holds them, loudly, where Redis was wiped meanwhile', async t => {
    const store = open(t);
    await store.ready;
    await store.follow(['orders', 'users']);
    assert.deepEqual(store.current().get('orders')?.weights, orders.weights);
    assert.match(store.current().get('orders')?.problem ?? '', /wiped/);
    assert.deepEqual(store.current().get('users'), users);
  });

  it('in memory they are the weights, and can be changed', async () => {
    const store = openMemoryStore({ log: silentLog, last });
    await store.follow(['orders', 'users']);
    assert.deepEqual(store.current(), last);
    const change = { actor: 'ann', source: 'cli' } as const;
    const entry = await store.set('orders', new Map([['v1', 1]]), change);
    assert.deepEqual([entry.revision, entry.from], [4, { v1: '95', v2: '5' }]);
    await store.close();
  });

  it('in memory they go back where their time is over meanwhile, and are still frozen where they were', async () => {
    const reverts = { at: at - 1_000, to: { v1: '1' } };
    const frozen = { by: 'ann', since: at };
    const store = openMemoryStore({
      log: silentLog,
      last: new Map(Object.entries({ orders: { ...orders, reverts }, users: { ...users, frozen } })),
    });
    await eventually(async () => (await store.get('orders')).revision === 4, {
      within: 1_000,
      hint: 'it went back',
    });
    assert.deepEqual(await store.get('orders'), { weights: new Map([['v1', 1]]), revision: 4 });
    const change = { actor: 'ann', source: 'cli' } as const;
    await assert.rejects(store.clear('users', change), /users: frozen/);
    await store.close();
  });
});
