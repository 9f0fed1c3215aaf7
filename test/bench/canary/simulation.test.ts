import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { upperBound } from '../../../bench/canary/bounds.ts';
import { BAD_CELLS, type BadCell, type Cell, GOOD_CELLS } from '../../../bench/canary/cells.ts';
import { simulateBad, simulateGood } from '../../../bench/canary/simulate.ts';

const SEED = 4711;

const nameOf = ({ name, scene }: Cell): string => `${name} ${scene.rate}/s, ${scene.shape}`;

/** The short form of npm run canary-sim. */
describe('by simulation', () => {
  const good = GOOD_CELLS.filter(cell => cell.scene.rate === 200);
  for (const cell of good)
    it(`a canary as good as the stable version gets through: ${nameOf(cell)}`, () => {
      const { rolledBack, held } = simulateGood(cell, 30, SEED);
      assert.deepEqual({ rolledBack, held }, { rolledBack: 0, held: 0 });
    });

  const caught = (cell: BadCell): void => {
    const { missed } = simulateBad(cell, 60, SEED);
    assert.ok(missed <= 1, `${missed} of 60 missed`);
  };
  for (const cell of BAD_CELLS.filter(each => each.share === 0.25))
    it(`a bad one is caught within 2,000 requests: ${nameOf(cell)}`, () => caught(cell));
});

describe('an upper bound', () => {
  it('is that of Clopper and Pearson', () => {
    assert.ok(Math.abs(upperBound(0, 5000) - (1 - 0.05 ** (1 / 5000))) < 1e-9);
    assert.ok(Math.abs(upperBound(5, 100) - 0.1022534) < 1e-6);
    assert.equal(upperBound(7, 7), 1);
  });
});
