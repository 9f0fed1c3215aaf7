import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type { Board } from '../../src/canary/board.ts';
import { readFigures, type Samples, writeFigures } from '../../src/canary/figures.ts';
import { openMemoryBoard } from '../../src/canary/memory-board.ts';
import { openRedisBoard } from '../../src/canary/redis-board.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { openRedisStore } from '../../src/weights/redis-store.ts';
import { type RedisServer, startRedis } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';
import { plan, rollout } from './build.ts';

let server: RedisServer;
let redis: Redis;
before(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

const some = (requests: number): Samples =>
  new Map([['v2', { requests, errors: 1, latency: [0, 0, requests - 1] }]]);

let boards = 0;
/** Another gateway has the same prefix. */
const overRedis = (t: TestContext, id: string, prefix = `test${boards++}:`): Board => {
  const board = openRedisBoard({ url: server.url, prefix, id, leadFor: 300 });
  t.after(board.close);
  return board;
};

const KINDS: Record<string, (t: TestContext) => Board> = {
  'in Redis': t => overRedis(t, 'a'),
  'in memory': () => openMemoryBoard(),
};

for (const [kind, open] of Object.entries(KINDS)) {
  describe(`rollouts ${kind}`, () => {
    it('there are none at first', async t => {
      const board = open(t);
      const { now, running } = await board.beat(new Map());
      assert.ok(Math.abs(now - Date.now()) < 5_000);
      assert.equal(running.size, 0);
      assert.deepEqual(await board.list(), []);
      assert.equal(await board.read('orders'), undefined);
    });

    it('what is kept is what one gets; of two who replace the same one wins', async t => {
      const board = open(t);
      assert.equal(await board.keep(rollout(), 0), 'kept');
      assert.equal(await board.keep(rollout({ startedBy: 'bob' }), 0), 'conflict');
      const kept = await board.read('orders');
      assert.equal(JSON.stringify(kept), JSON.stringify({ rollout: rollout(), revision: 1 }));
      assert.equal(await board.keep(rollout({ startedBy: 'bob' }), 1), 'kept');
      assert.equal((await board.list())[0]?.rollout.startedBy, 'bob');
    });

    it('they run until they are over', async t => {
      const board = open(t);
      await board.keep(rollout(), 0);
      assert.deepEqual([...(await board.beat(new Map())).running], [['orders', { id: 'abc' }]]);
      const mirrored = rollout({ plan: plan({ mirror: '20%' }), phase: 'watching', step: 0 });
      await board.keep(mirrored, 1);
      const copies = { version: 'v2', share: 0.2 };
      assert.deepEqual([...(await board.beat(new Map())).running], [['orders', { id: 'abc', copies }]]);
      const message = { kind: 'after', service: 'orders', id: 'abc', to: 'v2', steps: [], why: '' } as const;
      const owed = [{ url: 'http://127.0.0.1/', message, since: 0 }];
      await board.keep(rollout({ phase: 'over', outcome: 'promoted', owed }), 2);
      const { running } = await board.beat(new Map());
      assert.deepEqual([...running], [['orders', { id: 'abc', isOver: true }]], 'its webhook does not know');
      await board.keep(rollout({ phase: 'over', outcome: 'promoted' }), 3);
      assert.equal((await board.beat(new Map())).running.size, 0);
      assert.equal((await board.read('orders'))?.rollout.outcome, 'promoted');
    });

    it('figures are totals: told twice they count once, and nobody keeps those of what does not run', async t => {
      const board = open(t);
      await board.keep(rollout(), 0);
      const told = new Map([
        ['abc', some(5)],
        ['other', some(5)],
      ]);
      await board.beat(told);
      await board.beat(told);
      assert.deepEqual(await board.figures('abc'), some(5));
      assert.equal((await board.figures('other')).size, 0);
      await board.beat(new Map([['abc', some(9)]]));
      assert.equal((await board.figures('abc')).get('v2')?.requests, 9);
    });
  });
}

describe('several gateways over Redis', () => {
  it('their figures add up, those of one that is gone too', async t => {
    const one = overRedis(t, 'a', 'sum:');
    const two = overRedis(t, 'b', 'sum:');
    await one.keep(rollout(), 0);
    await one.beat(new Map([['abc', some(5)]]));
    await two.beat(new Map([['abc', some(7)]]));
    await one.close();
    assert.deepEqual(
      await two.figures('abc'),
      new Map([['v2', { requests: 12, errors: 2, latency: [0, 0, 10] }]]),
    );
    assert.ok((await redis.pttl('sum:canary:figures:abc')) > 60_000, 'they expire');
  });

  it('one leads; when it is silent another does, and the first can keep nothing more', async t => {
    const one = overRedis(t, 'a', 'lead:');
    const two = overRedis(t, 'b', 'lead:');
    const first = await one.lead();
    assert.equal(await one.lead(), first);
    assert.equal(await two.lead(), undefined);
    const second = await eventually(() => two.lead(), { within: 2_000, hint: 'the lead is free' });
    assert.ok(first !== undefined && second > first, `${second} after ${first}`);
    assert.equal(await one.keep(rollout(), 0, first), 'fenced');
    assert.equal(await two.keep(rollout(), 0, second), 'kept');
    await one.resign();
    assert.equal(await one.lead(), undefined, 'only who leads can give it up');
    await two.resign();
    assert.ok((await one.lead()) !== undefined);
  });

  it('who has lost the lead can change no weights either', async t => {
    const one = overRedis(t, 'a', 'fence:');
    const two = overRedis(t, 'b', 'fence:');
    const store = openRedisStore({ url: server.url, prefix: 'fence:', log: silentLog });
    t.after(() => store.close());
    const set = (board: Board, token: number) =>
      store.set('orders', new Map([['v1', 1]]), { actor: 'x', source: 'canary', fence: board.fence(token) });
    const first = (await one.lead()) ?? 0;
    await set(one, first);
    await one.resign();
    const second = (await two.lead()) ?? 0;
    await assert.rejects(set(one, first), { code: 'fenced' });
    assert.equal((await set(two, second)).revision, 2);
  });

  it('what somebody else wrote there is passed over', async t => {
    const board = overRedis(t, 'a', 'odd:');
    await redis.hset('odd:canary:rollouts', { orders: 'nonsense', cart: '3 {"half' });
    await redis.hset('odd:canary:figures:abc', {
      a: '[]',
      b: '{"v2":[1,"x"]}',
      c: '{"v2":[3,0,9999,3,2,3]}',
    });
    assert.deepEqual(await board.list(), []);
    assert.equal(await board.read('cart'), undefined);
    assert.deepEqual(
      await board.figures('abc'),
      new Map([['v2', { requests: 3, errors: 0, latency: [0, 0, 3] }]]),
    );
  });

  it('a Redis that is away is told with a way out', async t => {
    const board = openRedisBoard({ url: 'redis://127.0.0.1:1', prefix: 'x:', id: 'a' });
    t.after(board.close);
    await assert.rejects(board.list(), {
      name: 'CanaryError',
      code: 'unavailable',
      message: /check --redis/,
    });
  });
});

it('figures go to Redis and back in a few hundred bytes', () => {
  const latency = Array.from({ length: 420 }, (_, i) => (i % 7 === 0 ? i : 0)).slice(0, 414);
  const samples: Samples = new Map([['v1', { requests: 90_000, errors: 3, latency }]]);
  const text = writeFigures(samples);
  assert.deepEqual(readFigures(text), samples);
  assert.ok(text.length < 600, `${text.length}`);
});
