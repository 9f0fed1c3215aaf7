import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WeightsError } from '../../src/core/model/weights.ts';
import { findUndo } from '../../src/weights/undo.ts';

const frozen = { by: 'ann', since: 1 };
const entries = [
  { revision: 7, from: { v1: '3' }, action: 'unfreeze' },
  { revision: 6, from: { v1: '66' }, frozen },
  { revision: 5, from: { v1: '3' }, frozen },
  { revision: 4, from: { v1: '3' }, action: 'freeze', frozen },
  { revision: 3, from: { v1: 'five' } },
  { revision: 2, from: { v1: '1', v2: '0.5' } },
  { revision: 1, from: {} },
];

describe('what undoes', () => {
  it('the last change of the weights, whatever was frozen since', () => {
    assert.deepEqual(findUndo([...entries.slice(0, 4), ...entries.slice(5)]), {
      weights: new Map([
        ['v1', 1],
        ['v2', 0.5],
      ]),
      revision: 2,
      expectRevision: 7,
    });
  });
  it('the first change: back to none', () => {
    assert.deepEqual(findUndo(entries, 1), { weights: new Map(), revision: 1, expectRevision: 7 });
  });

  const refused: [name: string, ...Parameters<typeof findUndo>, words: RegExp][] = [
    ['an empty ledger', [], undefined, /there is no change in the ledger/],
    ['a revision that is not there', entries, 9, /there is no revision 9/],
    ['a freeze', entries, 4, /revision 4 left the weights as they were/],
    ['what was put back while frozen', entries, 6, /revision 6 left the weights as they were/],
    [
      'what follows a bad value',
      entries,
      3,
      /before revision 3 was never in force: the weight of v1, "five"/,
    ],
  ];
  for (const [name, given, revision, words] of refused) {
    it(`nothing: ${name}`, () => {
      assert.throws(
        () => findUndo(given, revision),
        (error: unknown) =>
          error instanceof WeightsError && error.code === 'refused' && words.test(error.message),
      );
    });
  }
});
