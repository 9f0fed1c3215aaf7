import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Sticky } from '../../../src/core/model/traffic.ts';
import { callerHash, callerOf, chooseForCaller, seedOf } from '../../../src/core/split/sticky.ts';

const KEY = 'a key';
const CALLERS = Array.from({ length: 500 }, (_, i) => callerHash(`caller ${i}`, KEY));

/** Shares by version, as a split has them. */
const parts = (weights: Readonly<Record<string, number>>) => {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  return Object.entries(weights).map(([version, weight]) => ({
    version,
    share: total === 0 ? 0 : weight / total,
    seed: seedOf('orders', version),
  }));
};

const versionsOf = (weights: Readonly<Record<string, number>>): (string | undefined)[] => {
  const of = parts(weights);
  return CALLERS.map(caller => chooseForCaller(of, caller)?.version);
};

const someWeights = fc.dictionary(fc.constantFrom('v1', 'v2', 'v3', 'v4'), fc.nat({ max: 100 }), {
  noNullPrototype: true,
});

describe('who has a caller', () => {
  it('follows the shares', () => {
    const of = parts({ v1: 95, v2: 5 });
    let seen = 0;
    for (let i = 0; i < 100_000; i++) {
      if (chooseForCaller(of, callerHash(`user-${i}`, KEY))?.version === 'v2') seen += 1;
    }
    assert.ok(Math.abs(seen - 5_000) < 350, `${seen} of 100000`);
  });

  it('is never one without a share, and nobody where there is none', () => {
    fc.assert(
      fc.property(someWeights, weights => {
        for (const version of versionsOf(weights)) {
          if (version === undefined) assert.ok(Object.values(weights).every(weight => weight === 0));
          else assert.ok((weights[version] ?? 0) > 0);
        }
      }),
    );
  });

  it('changes from one version to another only where the other has grown against the one', () => {
    fc.assert(
      fc.property(someWeights, someWeights, (before, after) => {
        const was = versionsOf(before);
        for (const [index, to] of versionsOf(after).entries()) {
          const from = was[index];
          if (from === to || from === undefined || to === undefined) continue;
          const grown = (after[to] ?? 0) * (before[from] ?? 0);
          const kept = (after[from] ?? 0) * (before[to] ?? 0);
          assert.ok(grown > kept, `${from} -> ${to}: ${JSON.stringify([before, after])}`);
        }
      }),
    );
  });

  it('of two versions changes only to the one whose share rises', () => {
    const weight = fc.nat({ max: 100 });
    fc.assert(
      fc.property(weight, weight, (a, b) => {
        const [before, after] = [versionsOf({ v1: 100 - a, v2: a }), versionsOf({ v1: 100 - b, v2: b })];
        const riser = b > a ? 'v2' : 'v1';
        for (const [index, to] of after.entries()) assert.ok(to === before[index] || to === riser);
      }),
    );
  });

  it('changes to the version that is raised and to no other, however many there are', () => {
    fc.assert(
      fc.property(
        someWeights,
        fc.constantFrom('v1', 'v2', 'v3', 'v4'),
        fc.nat({ max: 100 }),
        (old, raised, by) => {
          const before = versionsOf(old);
          const after = versionsOf({ ...old, [raised]: (old[raised] ?? 0) + by });
          for (const [index, to] of after.entries()) assert.ok(to === before[index] || to === raised);
        },
      ),
    );
  });

  it('a version that goes takes nobody from the others, and has its own again when it returns', () => {
    const whole = { v1: 50, v2: 30, v3: 20 };
    const before = versionsOf(whole);
    for (const [index, to] of versionsOf({ v1: 50, v3: 20 }).entries()) {
      assert.ok(to === before[index] || before[index] === 'v2');
    }
    assert.deepEqual(versionsOf(whole), before);
  });

  it('does not hang on the order of the versions', () => {
    assert.deepEqual(versionsOf({ v3: 1, v2: 2, v1: 3 }), versionsOf({ v1: 3, v2: 2, v3: 1 }));
  });

  it('is the same in every process: these were drawn once', () => {
    const of = parts({ v1: 1, v2: 1 });
    const drawn = ['anna', 'ben', 'carla', 'dan'].map(
      name => chooseForCaller(of, callerHash(name, 'sluice'))?.version,
    );
    assert.deepEqual(drawn, ['v1', 'v2', 'v1', 'v2']);
  });
});

describe('what a caller is known by', () => {
  const request = {
    path: '/',
    clientAddress: '10.0.0.7',
    header: (name: string) => ({ cookie: 'a=1; id=anna', 'x-user': 'anna' })[name],
  };
  const anna = callerHash('anna', KEY);
  const table: [name: string, sticky: Sticky, caller: number | undefined][] = [
    ['a header', { of: 'header', name: 'x-user' }, anna],
    ['a cookie', { of: 'cookie', name: 'id' }, anna],
    ['its address', { of: 'address' }, callerHash('10.0.0.7', KEY)],
    ['a header that is not there', { of: 'header', name: 'x-other' }, undefined],
    ['a cookie that is not there', { of: 'cookie', name: 'i' }, undefined],
  ];
  for (const [name, sticky, caller] of table) {
    it(name, () => assert.equal(callerOf(sticky, request, KEY), caller));
  }
  it('another key makes another caller of it', () => assert.notEqual(callerHash('anna', 'other'), anna));
});
