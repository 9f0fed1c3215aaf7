import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type { Weights } from '../../src/core/model/split.ts';
import { type Change, type LedgerEntry, WeightsError } from '../../src/core/model/weights.ts';
import type { WeightStore } from '../../src/weights/store.ts';
import { startRedis } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';
import { shareRedis } from './redis.ts';

/** What the ledger in Redis does that one in memory can't: other hands, other gateways, restarts, fences. */
const ann: Change = { actor: 'ann', source: 'cli' };
const weights = (named: Record<string, number>): Weights => new Map(Object.entries(named));

const shared = shareRedis();
const { newPrefix, open } = shared;

const openFollowing = async (t: TestContext, prefix: string, count: number): Promise<WeightStore[]> => {
  const stores = Array.from({ length: count }, () => open(t, { prefix }));
  await Promise.all(stores.map(store => store.follow(['orders'])));
  return stores;
};

const first = (stores: readonly WeightStore[]): WeightStore => {
  assert.ok(stores[0] !== undefined);
  return stores[0];
};

const sees = (store: WeightStore, revision: number): Promise<unknown> =>
  eventually(() => store.current().get('orders')?.revision === revision, {
    within: 3_000,
    hint: () => `revision ${revision}; it is ${store.current().get('orders')?.revision}`,
  });

const told = (entries: readonly LedgerEntry[]): string[] =>
  [...entries]
    .reverse()
    .map(
      ({ revision, actor, source, from, to }) =>
        `${revision} ${actor} ${source} ${JSON.stringify(from)} -> ${JSON.stringify(to)}`,
    );

const refusedWith =
  (code: WeightsError['code']) =>
  (error: unknown): boolean =>
    error instanceof WeightsError && error.code === code;

describe('changed by hand', () => {
  it('one of many gateways settles it, and spares the others', async t => {
    const GATEWAYS = 10;
    const prefix = newPrefix();
    const channel = `${prefix}weights`;
    const gateways = Array.from({ length: GATEWAYS }, (_, i) =>
      open(t, { prefix, reconcileMs: 3_600_000, chance: () => (i + 1) / (GATEWAYS + 1) }),
    );
    await Promise.all(gateways.map(gateway => gateway.follow(['orders'])));
    const allHear = async (): Promise<boolean> => (await shared.cli.publish(channel, 'nobody')) === GATEWAYS;
    await eventually(allHear, { within: 3_000, hint: 'all hear of changes' });
    let settled = 0;
    const monitor = await shared.cli.monitor();
    t.after(() => monitor.disconnect());
    monitor.on('monitor', (_time: string, [command = '', ...args]: string[]) => {
      if (/^eval(sha)?$/i.test(command) && args.includes(channel)) settled += 1;
    });
    await shared.cli.hset(`${prefix}weights:orders`, 'v1', 1);
    await shared.cli.publish(channel, 'orders');
    for (const gateway of gateways) await sees(gateway, 1);
    // The last of them would have had its turn by now.
    const began = performance.now();
    await eventually(() => performance.now() - began > 200, { within: 1_000, hint: 'their time is over' });
    assert.ok(settled >= 1 && settled <= 3, `${settled} of ${GATEWAYS} gateways`);
    assert.equal((await first(gateways).history('orders', 10)).length, 1);
  });
});

describe('set for a time', () => {
  it('goes back once, however many gateways see to it, and though whoever set it is gone', async t => {
    const prefix = newPrefix();
    const gateways = await openFollowing(t, prefix, 4);
    const command = open(t, { prefix });
    await command.set('orders', weights({ v1: 1 }), ann);
    await command.set('orders', weights({ v2: 1 }), { ...ann, forMs: 1_000 });
    await command.close();
    for (const gateway of gateways) await sees(gateway, 3);
    assert.deepEqual(told(await first(gateways).history('orders', 10)), [
      '1 ann cli {} -> {"v1":"1"}',
      '2 ann cli {"v1":"1"} -> {"v2":"1"}',
      '3 ann gateway {"v2":"1"} -> {"v1":"1"}',
    ]);
    assert.deepEqual(await shared.cli.hgetall(`${prefix}weights:orders`), { v1: '1' });
  });

  it('goes back when the time is over, not at the next look', async t => {
    const prefix = newPrefix();
    const gateway = open(t, { prefix, reconcileMs: 3_600_000 });
    await gateway.follow(['orders']);
    const { reverts } = await gateway.set('orders', weights({ v2: 1 }), { ...ann, forMs: 1_000 });
    await sees(gateway, 2);
    const [entry] = await gateway.history('orders', 1);
    const late = (entry?.at ?? 0) - (reverts?.at ?? 0);
    assert.ok(late >= 0 && late < 500, `${late} ms late`);
  });

  it('with Redis restarted and no gateway there: the next one to start, or to write, sees to it', async t => {
    const own = await startRedis();
    t.after(() => own.stop());
    const command = open(t, { url: own.url });
    for (const service of ['orders', 'users']) {
      await command.set(service, weights({ v2: 1 }), { ...ann, forMs: 1_000 });
    }
    await own.restart({ wipe: false });
    await eventually(async () => (await command.get('orders')).reverts !== undefined, {
      within: 3_000,
      hint: 'Redis is back',
    });
    const asked = new Redis(own.url);
    t.after(() => asked.disconnect());
    const { reverts } = await command.get('orders');
    const isOver = async (): Promise<boolean> => Number((await asked.time())[0]) * 1_000 > (reverts?.at ?? 0);
    await eventually(isOver, { within: 3_000, hint: 'the time is over' });
    const write = await command.set('users', weights({ v3: 1 }), ann);
    assert.deepEqual([write.revision, write.from], [3, {}]);
    const gateway = open(t, { url: own.url });
    await gateway.follow(['orders']);
    await sees(gateway, 2);
    assert.equal((await gateway.get('orders')).weights, undefined);
  });

  it('a change by hand cancels it', async t => {
    const prefix = newPrefix();
    const gateway = first(await openFollowing(t, prefix, 1));
    await gateway.set('orders', weights({ v2: 1 }), { ...ann, forMs: 1_000 });
    await shared.cli.hset(`${prefix}weights:orders`, 'v1', 5);
    await sees(gateway, 2);
    assert.equal(gateway.current().get('orders')?.reverts, undefined);
  });

  it('a key that holds something else when the time is over is left alone, and costs a look now and then', async t => {
    const prefix = newPrefix();
    const gateway = first(await openFollowing(t, prefix, 1));
    const { reverts } = await gateway.set('orders', weights({ v2: 1 }), { ...ann, forMs: 1_000 });
    await sees(gateway, 1);
    await shared.cli.multi().del(`${prefix}weights:orders`).set(`${prefix}weights:orders`, 'precious').exec();
    const isOver = async (): Promise<boolean> =>
      Number((await shared.cli.time())[0]) * 1_000 > (reverts?.at ?? 0);
    await eventually(isOver, { within: 3_000, hint: 'the time is over' });
    const looks = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await shared.cli.info('commandstats'))?.[1] ?? 0);
    const before = await looks();
    const began = performance.now();
    await eventually(() => performance.now() - began > 500, { within: 1_000, hint: 'half a second' });
    const after = (await looks()) - before;
    assert.ok(after < 20, `${after} looks`);
    assert.equal(await shared.cli.get(`${prefix}weights:orders`), 'precious');
  });

  it("a gateway's wrong clock makes it neither early nor late", async t => {
    for (const wrong of [-3_600_000, 3_600_000]) {
      const prefix = newPrefix();
      const gateway = open(t, { prefix, now: () => Date.now() + wrong });
      await gateway.follow(['orders']);
      const { reverts } = await gateway.set('orders', weights({ v2: 1 }), { ...ann, forMs: 1_000 });
      await sees(gateway, 2);
      const [entry] = await gateway.history('orders', 1);
      assert.ok(Math.abs((entry?.at ?? 0) - (reverts?.at ?? 0)) < 1_000);
    }
  });
});

describe('frozen', () => {
  it('a change by hand is put back, once, is never in force, and both are in the ledger', async t => {
    const prefix = newPrefix();
    const gateways = await openFollowing(t, prefix, 4);
    const gateway = first(gateways);
    await gateway.set('orders', weights({ v1: 1 }), ann);
    await gateway.freeze('orders', ann);
    for (const each of gateways) await sees(each, 2);
    const seen = new Set<string>();
    for (const each of gateways) {
      each.onChange(all => seen.add(JSON.stringify([...(all.get('orders')?.weights ?? [])])));
    }
    await shared.cli.hset(`${prefix}weights:orders`, 'v1', 0, 'v2', 1);
    await shared.cli.publish(`${prefix}weights`, 'orders');
    for (const each of gateways) await sees(each, 4);
    await shared.cli.del(`${prefix}weights:orders`);
    for (const each of gateways) await sees(each, 6);
    assert.deepEqual([...seen], ['[["v1",1]]']);
    assert.deepEqual(await shared.cli.hgetall(`${prefix}weights:orders`), { v1: '1' });
    assert.deepEqual(told(await gateway.history('orders', 10)), [
      '1 ann cli {} -> {"v1":"1"}',
      '2 ann cli {"v1":"1"} -> {"v1":"1"}',
      '3 unknown hand {"v1":"1"} -> {"v1":"0","v2":"1"}',
      '4 ann gateway {"v1":"0","v2":"1"} -> {"v1":"1"}',
      '5 unknown hand {"v1":"1"} -> {}',
      '6 ann gateway {} -> {"v1":"1"}',
    ]);
    assert.equal(gateway.current().get('orders')?.frozen?.by, 'ann');
  });

  it('bad weights can not be frozen', async t => {
    const prefix = newPrefix();
    const store = open(t, { prefix });
    await shared.cli.hset(`${prefix}weights:orders`, 'v1', 'five');
    await assert.rejects(store.freeze('orders', ann), refusedWith('refused'));
    assert.deepEqual(await store.history('orders', 10), []);
  });

  it('where no gateway may write, the hash stays as it is, and is not in force, loudly', async t => {
    const prefix = newPrefix();
    const rights = [`~${prefix}*`, `&${prefix}*`, '+@read', '+@scripting', '+@pubsub', '+@connection'];
    await shared.cli.acl('SETUSER', 'reader', 'reset', 'on', '>pw', ...rights);
    const gateway = open(t, { prefix, url: `redis://reader:pw@127.0.0.1:${shared.server.port}` });
    await gateway.follow(['orders']);
    const operator = open(t, { prefix });
    await operator.set('orders', weights({ v1: 1 }), ann);
    await operator.freeze('orders', ann);
    await sees(gateway, 2);
    await shared.cli.hset(`${prefix}weights:orders`, 'v1', 0, 'v2', 1);
    const held = await eventually(
      () => {
        const state = gateway.current().get('orders');
        return state?.problem !== undefined && state;
      },
      { within: 3_000, hint: 'told' },
    );
    assert.match(held.problem ?? '', /changed the hash although these weights are frozen/);
    assert.deepEqual(held.weights, weights({ v1: 1 }));
    assert.equal(held.frozen?.by, 'ann');
  });
});

describe('a fence', () => {
  it('only who holds it writes', async t => {
    const prefix = newPrefix();
    const store = open(t, { prefix });
    const key = `${prefix}canary:lock`;
    const change: Change = { actor: 'ann', source: 'canary', fence: { key, token: '7' } };
    await assert.rejects(store.set('orders', weights({ v1: 1 }), change), refusedWith('fenced'));
    await shared.cli.set(key, '8');
    await assert.rejects(store.clear('orders', change), refusedWith('fenced'));
    assert.deepEqual(await store.get('orders'), { revision: 0 });
    await shared.cli.set(key, '7');
    assert.equal((await store.set('orders', weights({ v1: 1 }), change)).source, 'canary');
  });
});

describe('two who race', () => {
  it('1,000 changes by what each has read: none lost, and no gap or double in the ledger', async t => {
    const prefix = newPrefix();
    const ROUNDS = 1_000;
    let conflicts = 0;
    const race = async (actor: string): Promise<void> => {
      const store = open(t, { prefix });
      for (let won = 0; won < ROUNDS / 2; ) {
        const { weights: seen, revision } = await store.get('orders');
        const next = weights({ v1: (seen?.get('v1') ?? 0) + 1 });
        try {
          await store.set('orders', next, { actor, source: 'cli', expectRevision: revision });
          won += 1;
        } catch (error) {
          if (!refusedWith('conflict')(error)) throw error;
          conflicts += 1;
        }
      }
    };
    await Promise.all([race('ann'), race('bob')]);
    const store = open(t, { prefix });
    const history = [...(await store.history('orders', ROUNDS))].reverse();
    assert.deepEqual(
      history.map(({ revision, to }) => [revision, to.v1]),
      Array.from({ length: ROUNDS }, (_, i) => [i + 1, `${i + 1}`]),
    );
    for (const actor of ['ann', 'bob']) {
      assert.equal(history.filter(entry => entry.actor === actor).length, ROUNDS / 2);
    }
    assert.ok(conflicts > 0, 'they met');
    t.diagnostic(`${conflicts} conflicts`);
  });
});
