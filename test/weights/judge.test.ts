import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceWeights } from '../../src/core/model/split.ts';
import type { LedgerEntry } from '../../src/core/model/weights.ts';
import { judge, sameWeights } from '../../src/weights/judge.ts';
import type { Reading } from '../../src/weights/reading.ts';

const last: LedgerEntry = {
  revision: 7,
  at: 1,
  actor: 'ann',
  source: 'cli',
  from: {},
  to: { v1: '95', v2: '5' },
};
const gone: Reading = { type: 'none', fields: [], size: 0, ledgerType: 'none', byHand: false };
const deleted: Reading = { ...gone, ledgerType: 'stream', last };
const hash = (fields: Record<string, string>, more?: Partial<Reading>): Reading => ({
  type: 'hash',
  fields: Object.entries(fields),
  size: Object.keys(fields).length,
  ledgerType: 'stream',
  last,
  byHand: false,
  ...more,
});
const good: ServiceWeights = { weights: new Map([['v1', 100]]), revision: 6 };

const sound: Record<
  string,
  [previous: ServiceWeights | undefined, reading: Reading, expected: ServiceWeights]
> = {
  'the hash is the truth': [
    good,
    hash({ v1: '95', v2: '5' }),
    {
      weights: new Map([
        ['v1', 95],
        ['v2', 5],
      ]),
      revision: 7,
    },
  ],
  'an explicit 0 is kept': [
    good,
    hash({ v1: '1', v2: '0' }),
    {
      weights: new Map([
        ['v1', 1],
        ['v2', 0],
      ]),
      revision: 7,
    },
  ],
  'all zero is a choice': [good, hash({ v1: '0' }), { weights: new Map([['v1', 0]]), revision: 7 }],
  'fractions and exponents count': [
    undefined,
    hash({ v1: '99.5', v2: '.5', v3: '1e3' }),
    {
      weights: new Map([
        ['v1', 99.5],
        ['v2', 0.5],
        ['v3', 1000],
      ]),
      revision: 7,
    },
  ],
  'what was changed by hand has no revision yet': [
    good,
    hash({ v1: '1' }, { byHand: true }),
    { weights: new Map([['v1', 1]]), revision: 0 },
  ],
  'a hash without a ledger is the truth too': [
    undefined,
    { type: 'hash', fields: [['v1', '1']], size: 1, ledgerType: 'none', byHand: true },
    { weights: new Map([['v1', 1]]), revision: 0 },
  ],
  'a ledger of another type does not hinder a sound hash': [
    good,
    { type: 'hash', fields: [['v1', '1']], size: 1, ledgerType: 'list', byHand: false },
    { weights: new Map([['v1', 1]]), revision: 0 },
  ],
  'deleted while its ledger is there: back to the default': [good, deleted, { revision: 7 }],
  'a deletion also ends a hold': [{ ...good, problem: 'wiped' }, deleted, { revision: 7 }],
  'never known: absent': [undefined, gone, { revision: 0 }],
  'nothing was in force when Redis was wiped: absent': [{ revision: 7 }, gone, { revision: 0 }],
};

for (const [name, [previous, reading, expected]] of Object.entries(sound)) {
  test(`judge: ${name}`, () => assert.deepEqual(judge(previous, reading), expected));
}

const bad: Record<string, [reading: Reading, problem: RegExp]> = {
  'not a number': [hash({ v1: '95', v2: 'NaN' }), /weight of v2, "NaN"/],
  negative: [hash({ v1: '95', v2: '-1' }), /"-1"/],
  'with a plus sign': [hash({ v1: '+5' }), /"\+5"/],
  infinite: [hash({ v1: 'Infinity' }), /"Infinity"/],
  huge: [hash({ v1: '1000000001' }), /0 to 1000000000/],
  'huge by exponent': [hash({ v1: '1e99' }), /"1e99"/],
  hexadecimal: [hash({ v1: '0x10' }), /"0x10"/],
  empty: [hash({ v1: '' }), /""/],
  'with a blank': [hash({ v1: ' 5' }), /" 5"/],
  'a per cent sign': [hash({ v1: '5%' }), /"5%"/],
  'a bad version name': [hash({ 'v 1': '5' }), /"v 1" is no version name/],
  'an empty version name': [hash({ '': '5' }), /no version name/],
  'a version name that poisons objects': [hash({ ['__proto__']: '5' }), /"__proto__" is no version name/],
  'a list instead of a hash': [{ ...gone, type: 'list', ledgerType: 'stream' }, /holds a list.*DEL/],
  'a string instead of a hash': [{ ...gone, type: 'string' }, /holds a string/],
  'too many fields': [{ ...gone, type: 'hash', size: 10_000 }, /too large.*10000/],
  'no weights, and a ledger of another type': [{ ...gone, ledgerType: 'hash' }, /ledger holds a hash/],
};

for (const [name, [reading, problem]] of Object.entries(bad)) {
  test(`judge: the last good weights stay in force: ${name}`, () => {
    const held = judge(good, reading);
    assert.deepEqual({ weights: held.weights, revision: held.revision }, good);
    assert.match(held.problem ?? '', problem);
    assert.deepEqual(judge(held, reading), held);
  });
  test(`judge: without last good weights the default split serves: ${name}`, () => {
    const { last: _, ...unentered } = reading;
    const first = judge(undefined, unentered);
    assert.equal(first.weights, undefined);
    assert.match(first.problem ?? '', problem);
  });
}

const entered: Record<string, [last: Partial<LedgerEntry>, weights: ServiceWeights['weights']]> = {
  'the last entry': [{ to: { v1: '9', v2: '0' } }, new Map(Object.entries({ v1: 9, v2: 0 }))],
  'the one before, where the bad one is entered': [
    { from: { v1: '9' }, to: { v1: 'NaN' } },
    new Map([['v1', 9]]),
  ],
  'none, where they were cleared': [{ from: { v1: '9' }, to: {} }, undefined],
  'none, where no entry is sound': [{ from: { v1: '-1' }, to: { v1: 'NaN' } }, undefined],
};

for (const [name, [entry, expected]] of Object.entries(entered)) {
  test(`judge: a gateway that has just begun finds the last good weights in the ledger: ${name}`, () => {
    const { weights, problem } = judge(undefined, hash({ v1: 'NaN' }, { last: { ...last, ...entry } }));
    assert.deepEqual(weights, expected);
    assert.match(problem ?? '', /"NaN"/);
  });
}

test('judge: a wipe holds the last good weights, look after look, until set or cleared', () => {
  const held = judge(good, gone);
  assert.deepEqual(held.weights, good.weights);
  assert.match(held.problem ?? '', /wiped.*set the weights again, or clear them/);
  assert.deepEqual(judge(held, gone), held);
  assert.deepEqual(judge(held, hash({ v1: '1' })), { weights: new Map([['v1', 1]]), revision: 7 });
  assert.deepEqual(judge(held, deleted), { revision: 7 });
});

const frozen = { by: 'ann', reason: 'black friday', since: 1 };
const reverts = { at: 2, to: { v1: '1' } };

test('judge: what the last entry says of the time to come is told, until a hand has changed the hash', () => {
  const revision = 7;
  const weights = new Map([['v1', 1]]);
  const rules = { ...last, reverts, frozen };
  assert.deepEqual(judge(good, hash({ v1: '1' }, { last: rules })), { weights, revision, reverts, frozen });
  assert.deepEqual(judge(good, { ...deleted, last: rules }), { revision, reverts, frozen });
  const byHand = hash({ v1: '1' }, { last: { ...last, reverts }, byHand: true });
  assert.deepEqual(judge(good, byHand), { weights, revision: 0 });
});

test('judge: what a hand does to frozen weights is not in force, also where nothing was before', () => {
  const before = { weights: new Map(Object.entries({ v1: 95, v2: 5 })), revision: 7, frozen };
  const readings = [hash({ v1: '1' }), hash({ v1: 'five' }), deleted];
  for (const previous of [before, undefined]) {
    for (const reading of readings) {
      const { problem, ...held } = judge(previous, { ...reading, byHand: true, last: { ...last, frozen } });
      assert.deepEqual(held, before);
      assert.match(problem ?? '', /although these weights are frozen|"five", is not a number/);
    }
  }
});

test('judge: a problem shows no control characters and not the whole of a long value', () => {
  const { problem = '' } = judge(good, hash({ v1: `\u001b[31m${'x'.repeat(5_000)}` }));
  assert.ok(problem.length < 250 && !problem.includes('\u001b'), problem);
});

test('sameWeights sees every difference and no other', () => {
  const same: ServiceWeights = { weights: new Map([['v1', 100]]), revision: 6 };
  assert.ok(sameWeights(good, same));
  assert.ok(sameWeights({ revision: 0 }, { revision: 0 }));
  for (const other of [
    { ...same, revision: 5 },
    { ...same, problem: 'bad' },
    { ...same, reverts: { at: 1, to: {} } },
    { ...same, frozen: { by: 'ann', since: 1 } },
    { ...same, weights: new Map([['v1', 99]]) },
    { ...same, weights: new Map([['v2', 100]]) },
    { ...same, weights: new Map([...(same.weights ?? []), ['v2', 0] as const]) },
    { revision: 6 },
  ]) {
    assert.ok(!sameWeights(good, other) && !sameWeights(other, good));
  }
  assert.ok(!sameWeights(undefined, { revision: 0 }));
});
