import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Weights } from '../../src/core/model/split.ts';
import { type Change, WeightsError } from '../../src/core/model/weights.ts';
import type { WeightStore } from '../../src/weights/store.ts';
import { eventually } from '../support/wait.ts';

const ann: Change = { actor: 'ann', source: 'cli' };
const weights = (named: Record<string, number>): Weights => new Map(Object.entries(named));

/** More than anyone may name. */
const crowd = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`v${i}`, 1]));

const refused: Record<string, [service: string, weights: Record<string, number>, change?: Partial<Change>]> =
  {
    'no version': ['shop', {}],
    'not a number': ['shop', { v1: Number.NaN }],
    'a negative weight': ['shop', { v1: 95, v2: -1 }],
    'an infinite weight': ['shop', { v1: Number.POSITIVE_INFINITY }],
    'a huge weight': ['shop', { v1: 1_000_000_001 }],
    'a weight too small to be written': ['shop', { v1: 1e-120 }],
    'a bad version name': ['shop', { 'v 1': 1 }],
    'an empty version name': ['shop', { '': 1 }],
    'too many versions': ['shop', crowd],
    'no service': ['', { v1: 1 }],
    'a service name with a line break': ['sh\nop', { v1: 1 }],
    nobody: ['shop', { v1: 1 }, { actor: '' }],
    'a long actor': ['shop', { v1: 1 }, { actor: 'a'.repeat(101) }],
    'a long reason': ['shop', { v1: 1 }, { reason: 'r'.repeat(501) }],
    'a time too short': ['shop', { v1: 1 }, { forMs: 999 }],
    'a time too long': ['shop', { v1: 1 }, { forMs: 21 * 24 * 3_600_000 }],
    'no time': ['shop', { v1: 1 }, { forMs: Number.NaN }],
    'a revision that is none': ['shop', { v1: 1 }, { expectRevision: -1 }],
  };

/**
 * What every weight store promises.
 *
 * @param open an empty store, closed by the suite
 */
export const weightStoreContract = (name: string, open: () => Promise<WeightStore>): void => {
  const withStore = (title: string, run: (store: WeightStore) => Promise<void>): void => {
    test(title, async () => {
      const store = await open();
      try {
        await run(store);
      } finally {
        await store.close();
      }
    });
  };

  const sees = (store: WeightStore, service: string, expected: Record<string, number> | undefined) =>
    eventually(
      () => {
        const seen = store.current().get(service);
        if (seen === undefined) return false;
        assert.deepEqual(seen.weights, expected === undefined ? undefined : weights(expected));
        return true;
      },
      { within: 2_000, hint: `${service} follows` },
    );

  describe(`weight store: ${name}`, () => {
    withStore('nobody has set anything: no weights, revision 0, no history', async store => {
      assert.deepEqual(await store.get('orders'), { revision: 0 });
      assert.deepEqual(await store.history('orders', 10), []);
    });

    withStore('is ready and up', async store => {
      await store.ready;
      assert.equal(store.status().state, 'up');
      assert.ok(store.status().since > 0);
    });

    withStore('what was set is what one gets, an explicit 0 too', async store => {
      const entry = await store.set('orders', weights({ v1: 99.5, v2: 0 }), { ...ann, reason: 'calmer' });
      const { at, ...rest } = entry;
      assert.deepEqual(rest, {
        revision: 1,
        actor: 'ann',
        reason: 'calmer',
        source: 'cli',
        from: {},
        to: { v1: '99.5', v2: '0' },
      });
      assert.ok(Math.abs(at - Date.now()) < 60_000);
      assert.deepEqual(await store.get('orders'), { weights: weights({ v1: 99.5, v2: 0 }), revision: 1 });
    });

    withStore('set replaces all weights; versions not named are gone', async store => {
      await store.set('orders', weights({ v1: 95, v2: 5 }), ann);
      const entry = await store.set('orders', weights({ v3: 1 }), ann);
      assert.deepEqual(entry.from, { v1: '95', v2: '5' });
      assert.deepEqual((await store.get('orders')).weights, weights({ v3: 1 }));
    });

    withStore('setting the same again is an entry of its own', async store => {
      await store.set('orders', weights({ v1: 1 }), ann);
      assert.equal((await store.set('orders', weights({ v1: 1 }), { ...ann, source: 'api' })).revision, 2);
    });

    withStore('clear goes back to no weights, and both are in the history, the newest first', async store => {
      await store.set('orders', weights({ v1: 1 }), ann);
      await store.clear('orders', { ...ann, reason: 'done' });
      assert.deepEqual(await store.get('orders'), { revision: 2 });
      const history = await store.history('orders', 10);
      assert.deepEqual(
        history.map(({ revision, from, to, reason }) => ({ revision, from, to, reason })),
        [
          { revision: 2, from: { v1: '1' }, to: {}, reason: 'done' },
          { revision: 1, from: {}, to: { v1: '1' }, reason: undefined },
        ],
      );
      assert.equal((await store.history('orders', 1))[0]?.revision, 2);
    });

    withStore('services do not touch each other', async store => {
      await store.set('orders', weights({ v1: 1 }), ann);
      assert.equal((await store.set('users', weights({ v1: 2 }), ann)).revision, 1);
      assert.deepEqual((await store.get('orders')).weights, weights({ v1: 1 }));
    });

    const refusedWith =
      (code: WeightsError['code'], words: RegExp) =>
      (error: unknown): boolean => {
        assert.ok(error instanceof WeightsError, String(error));
        assert.equal(error.code, code);
        assert.match(error.message, words);
        return true;
      };

    withStore(
      'an expected revision: two who looked at the same weights, and one of them writes',
      async store => {
        const first = await store.set('orders', weights({ v1: 1 }), { ...ann, expectRevision: 0 });
        const bob: Change = { ...ann, actor: 'bob', reason: 'hurry', expectRevision: first.revision };
        const second = await store.set('orders', weights({ v1: 2 }), bob);
        for (const late of [
          () => store.set('orders', weights({ v1: 3 }), { ...ann, expectRevision: 1 }),
          () => store.clear('orders', { ...ann, expectRevision: 0 }),
          () => store.freeze('orders', { ...ann, expectRevision: 7 }),
        ]) {
          const words = /^orders: revision \d was expected, and bob set v1 2 by cli in revision 2 \(hurry\);/;
          await assert.rejects(late(), (error: unknown) => {
            assert.deepEqual((error as WeightsError).entry, second);
            return refusedWith('conflict', words)(error);
          });
        }
        assert.deepEqual(await store.get('orders'), { weights: weights({ v1: 2 }), revision: 2 });
        assert.equal((await store.history('orders', 10)).length, 2);
      },
    );

    withStore('an expected revision of a service that nobody has changed', async store => {
      const change = { ...ann, expectRevision: 1 };
      await assert.rejects(
        store.set('orders', weights({ v1: 3 }), change),
        refusedWith('conflict', /revision 1 was expected, and its ledger is empty/),
      );
    });

    withStore(
      'frozen: nobody changes anything until it is unfrozen, and everyone is told who and why',
      async store => {
        await store.set('orders', weights({ v1: 9 }), ann);
        const entry = await store.freeze('orders', { ...ann, reason: 'black friday' });
        const { frozen } = entry;
        assert.deepEqual(frozen, { by: 'ann', reason: 'black friday', since: frozen?.since });
        assert.deepEqual(
          { action: entry.action, from: entry.from, to: entry.to },
          { action: 'freeze', from: { v1: '9' }, to: { v1: '9' } },
        );
        assert.deepEqual(await store.get('orders'), { weights: weights({ v1: 9 }), revision: 2, frozen });
        for (const attempt of [
          () => store.set('orders', weights({ v1: 1 }), ann),
          () => store.clear('orders', ann),
          () => store.freeze('orders', ann),
        ]) {
          await assert.rejects(
            attempt(),
            refusedWith('frozen', /^orders: frozen by ann since \d.*: black friday;/),
          );
        }
        const thawed = await store.unfreeze('orders', { ...ann, actor: 'bob' });
        assert.deepEqual([thawed.revision, thawed.actor, thawed.action], [3, 'bob', 'unfreeze']);
        assert.deepEqual(await store.get('orders'), { weights: weights({ v1: 9 }), revision: 3 });
        await assert.rejects(
          store.unfreeze('orders', ann),
          refusedWith('refused', /^orders: it is not frozen/),
        );
        assert.equal((await store.set('orders', weights({ v1: 1 }), ann)).revision, 4);
      },
    );

    withStore('a service without weights can be frozen', async store => {
      await store.freeze('orders', ann);
      const state = await store.get('orders');
      assert.deepEqual([state.weights, state.frozen?.by], [undefined, 'ann']);
    });

    withStore('followers see that it is frozen, and that it is not any more', async store => {
      await store.follow(['orders']);
      await store.freeze('orders', ann);
      const isFrozen = (): boolean => store.current().get('orders')?.frozen !== undefined;
      await eventually(isFrozen, { within: 2_000, hint: 'frozen' });
      await store.unfreeze('orders', ann);
      await eventually(() => !isFrozen(), { within: 2_000, hint: 'unfrozen' });
    });

    withStore('set for a time: it goes back by itself, and the ledger tells', async store => {
      await store.follow(['orders']);
      await store.set('orders', weights({ v1: 100 }), ann);
      const entry = await store.set('orders', weights({ v2: 1 }), { ...ann, forMs: 1_000 });
      assert.deepEqual(entry.reverts, { at: entry.at + 1_000, to: { v1: '100' } });
      assert.deepEqual(await store.get('orders'), {
        ...{ weights: weights({ v2: 1 }), revision: 2, reverts: entry.reverts },
      });
      // Followers may still be at what was set first, which is what it goes back to.
      await eventually(async () => (await store.get('orders'))?.revision === 3, {
        within: 10_000,
        hint: 'gone back',
      });
      await sees(store, 'orders', { v1: 100 });
      const [last] = await store.history('orders', 1);
      assert.ok(last !== undefined && last.at >= entry.at + 1_000 && last.at < entry.at + 10_000);
      assert.deepEqual(
        { ...last, at: 0 },
        {
          ...{ revision: 3, at: 0, actor: 'ann', source: 'gateway' },
          ...{ reason: 'the time of revision 2 is over', from: { v2: '1' }, to: { v1: '100' } },
        },
      );
      assert.deepEqual(await store.get('orders'), { weights: weights({ v1: 100 }), revision: 3 });
    });

    withStore('several changes for a time in a row go back to what was before the first', async store => {
      await store.set('orders', weights({ v1: 100 }), ann);
      await store.clear('orders', { ...ann, forMs: 60_000 });
      const { reverts } = await store.set('orders', weights({ v2: 2 }), { ...ann, forMs: 60_000 });
      assert.deepEqual(reverts?.to, { v1: '100' });
    });

    for (const [title, cancel] of Object.entries({
      'a later change': (store: WeightStore) => store.set('orders', weights({ v3: 3 }), ann),
      'a freeze': (store: WeightStore) => store.freeze('orders', ann),
    })) {
      withStore(`${title} cancels what was set for a time`, async store => {
        await store.follow(['orders', 'users']);
        await store.set('orders', weights({ v2: 1 }), { ...ann, forMs: 1_000 });
        await cancel(store);
        // This one's time is over after that of the other.
        await store.set('users', weights({ v2: 1 }), { ...ann, forMs: 1_100 });
        await sees(store, 'users', { v2: 1 });
        await sees(store, 'users', undefined);
        const [last] = await store.history('orders', 1);
        assert.equal(last?.revision, 2);
      });
    }

    withStore('many writers at once: revisions without gaps or doubles, and no change lost', async store => {
      const writes = Array.from({ length: 100 }, (_, i) => store.set('orders', weights({ v1: i }), ann));
      await Promise.all(writes);
      const history = [...(await store.history('orders', 1_000))].reverse();
      assert.deepEqual(
        history.map(entry => entry.revision),
        Array.from({ length: 100 }, (_, i) => i + 1),
      );
      for (const [i, entry] of history.entries()) assert.deepEqual(entry.from, history[i - 1]?.to ?? {});
    });

    withStore('the ledger is bounded and keeps the newest', async store => {
      for (let i = 0; i < 12; i++) {
        await Promise.all(Array.from({ length: 100 }, () => store.set('orders', weights({ v1: i }), ann)));
      }
      const history = await store.history('orders', 1_000);
      assert.equal(history.length, 1_000);
      assert.equal(history[0]?.revision, 1_200);
    });

    for (const [title, [service, named, change]] of Object.entries(refused)) {
      withStore(`refuses, and loses nothing: ${title}`, async store => {
        await store.set('shop', weights({ v1: 1 }), ann);
        await assert.rejects(
          store.set(service, weights(named), { ...ann, ...change }),
          (error: unknown) =>
            error instanceof WeightsError && error.code === 'refused' && error.message !== '',
        );
        assert.deepEqual(await store.get('shop'), { weights: weights({ v1: 1 }), revision: 1 });
        assert.equal((await store.history('shop', 10)).length, 1);
      });
    }

    withStore('follows exactly what it is told to', async store => {
      await store.set('orders', weights({ v1: 1 }), ann);
      await store.set('carts', weights({ v1: 1 }), ann);
      await store.follow(['orders', 'users']);
      assert.deepEqual(
        store.current(),
        new Map([
          ['orders', { weights: weights({ v1: 1 }), revision: 1 }],
          ['users', { revision: 0 }],
        ]),
      );
      await store.follow(['carts']);
      assert.deepEqual([...store.current().keys()], ['carts']);
      await store.follow([]);
      assert.equal(store.current().size, 0);
    });

    withStore('a change reaches followers as a new object, and the old one stays as it was', async store => {
      await store.follow(['orders']);
      const before = store.current();
      const heard: unknown[] = [];
      store.onChange(all => heard.push(all));
      await store.set('orders', weights({ v1: 95, v2: 5 }), ann);
      await sees(store, 'orders', { v1: 95, v2: 5 });
      assert.equal(heard.at(-1), store.current());
      assert.deepEqual(before, new Map([['orders', { revision: 0 }]]));
      await store.clear('orders', ann);
      await sees(store, 'orders', undefined);
    });

    withStore('changes of other services are not heard', async store => {
      await store.follow(['orders']);
      let heard = 0;
      store.onChange(() => heard++);
      await store.set('users', weights({ v1: 1 }), ann);
      await store.set('orders', weights({ v1: 1 }), ann);
      await sees(store, 'orders', { v1: 1 });
      assert.equal(heard, 1);
    });

    withStore('a listener that throws does not keep the others from hearing', async store => {
      await store.follow(['orders']);
      store.onChange(() => {
        throw new Error('a bug in a listener');
      });
      let heard = 0;
      store.onChange(() => heard++);
      await store.set('orders', weights({ v1: 1 }), ann);
      await sees(store, 'orders', { v1: 1 });
      assert.equal(heard, 1);
    });

    withStore('who unsubscribed hears nothing more', async store => {
      await store.follow(['orders']);
      let heard = 0;
      const unsubscribe = store.onChange(() => heard++);
      unsubscribe();
      await store.set('orders', weights({ v1: 1 }), ann);
      await sees(store, 'orders', { v1: 1 });
      assert.equal(heard, 0);
    });

    withStore('a service name may hold what Consul allows', async store => {
      const service = 'Größe: a/b "c" {x}';
      await store.follow([service]);
      await store.set(service, weights({ v1: 1 }), ann);
      await sees(store, service, { v1: 1 });
    });
  });
};
