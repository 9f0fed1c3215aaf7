import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { growth, RATIOS } from '../../../src/canary/analysis/bet.ts';
import { stakeOf } from '../../../src/canary/analysis/capital.ts';
import { latencyGrowth } from '../../../src/canary/analysis/latency.ts';
import { expectedByRank, winsOf } from '../../../src/canary/analysis/rank-sum.ts';
import { TESTS } from '../../../src/canary/analysis/tests.ts';
import { histogram, LIMITS } from './build.ts';

/** All ways to choose so many of the numbers below `of`. */
const choices = (of: number, count: number, from = 0): number[][] => {
  if (count === 0) return [[]];
  const found: number[][] = [];
  for (let first = from; first <= of - count; first++)
    for (const rest of choices(of, count - 1, first + 1)) found.push([first, ...rest]);
  return found;
};

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Each way to deal out these latencies is equally likely: that is the null hypothesis at its edge. */
const expectedGrowths = (buckets: readonly number[], ours: number): number[] => {
  const growths = choices(buckets.length, ours).map(chosen => {
    const isOurs = new Set(chosen);
    return latencyGrowth(
      histogram(buckets.filter((_, index) => isOurs.has(index))),
      histogram(buckets.filter((_, index) => !isOurs.has(index))),
      1,
    );
  });
  return TESTS.latency.shares.map((_, bet) => mean(growths.map(each => Math.exp(each[bet] ?? Number.NaN))));
};

describe('no bet gains on average while the canary is as it may be', () => {
  it('on latencies, whatever they are, many alike or none: over all ways to deal them out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 12 }), { minLength: 3, maxLength: 10 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (buckets, part) => {
          const ours = 1 + Math.floor(part * (buckets.length - 2));
          // The sum over ranks is an approximation, and worst for as few as these.
          for (const expected of expectedGrowths(buckets, ours)) assert.ok(expected < 1.001, `${expected}`);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('on the body of latencies that differ: exactly nothing', () => {
    const expected = expectedGrowths([3, 1, 4, 15, 9, 2, 6, 5, 35, 8], 4);
    assert.ok(Math.abs((expected[1] ?? 0) - 1) < 1e-3, `${expected[1]}`);
  });

  it('on latencies, the less the faster a canary request was', () => {
    const times = fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(times, times, fc.nat(), (canary, stable, which) => {
        const faster = canary.with(
          which % canary.length,
          Math.max(0, (canary[which % canary.length] ?? 0) - 7),
        );
        const before = latencyGrowth(histogram(canary), histogram(stable), 1.3);
        const after = latencyGrowth(histogram(faster), histogram(stable), 1.3);
        for (const [bet, each] of after.entries()) assert.ok(each <= (before[bet] ?? Number.NaN) + 1e-9);
      }),
    );
  });

  it('on errors: over all ways to deal them out', () => {
    for (const [requests, ours, errors] of [
      [12, 4, 3],
      [12, 6, 6],
      [11, 3, 10],
      [9, 8, 2],
    ] as const) {
      const hits = choices(requests, ours).map(chosen => chosen.filter(each => each < errors).length);
      for (const { ratio } of RATIOS) {
        const expected = mean(hits.map(each => Math.exp(growth(ratio, each, errors, ours / requests))));
        assert.ok(expected <= 1 + 1e-12, `${expected}`);
      }
    }
  });

  it('on the limit: over all numbers of errors', () => {
    const requests = 40;
    for (const failing of [LIMITS.maxErrorRate, LIMITS.maxErrorRate / 3]) {
      const expected = TESTS.limit.shares.map(() => 0);
      let likely = (1 - failing) ** requests;
      for (let errors = 0; errors <= requests; errors++) {
        const canary = { requests, errors, latency: [] };
        const growths = TESTS.limit.grow({ canary, stable: canary }, LIMITS);
        for (const [bet, each] of growths.entries())
          expected[bet] = (expected[bet] ?? 0) + likely * Math.exp(each);
        likely *= ((failing / (1 - failing)) * (requests - errors)) / (errors + 1);
      }
      for (const each of expected) assert.ok(each <= 1 + 1e-9, `${each}`);
    }
  });
});

describe('all stakes together', () => {
  it('are at most one', () => {
    for (const { shares } of Object.values(TESTS))
      assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-12);
    const parts = Array.from({ length: 100_000 }, (_, index) => stakeOf(5, index + 1));
    assert.ok(5 * parts.reduce((sum, stake) => sum + stake, 0) <= 1);
    const budgets = Object.values(TESTS).map(test => test.budget);
    assert.ok(budgets.reduce((sum, budget) => sum + budget, 0) <= 1 + 1e-12);
  });
});

describe('ranks', () => {
  it('are compared pair by pair', () => {
    const times = fc.array(fc.nat({ max: 9 }), { maxLength: 20 });
    fc.assert(
      fc.property(times, times, (ours, theirs) => {
        const wins = ours.flatMap(our => theirs.map(their => (our > their ? 1 : our === their ? 0.5 : 0)));
        assert.equal(
          winsOf(histogram(ours), histogram(theirs)),
          wins.reduce<number>((sum, win) => sum + win, 0),
        );
      }),
    );
  });

  it('have the expectation of the Gaussian binomial coefficient', () => {
    for (const [ours, theirs] of [
      [1, 99],
      [99, 1],
      [50, 50],
      [20, 980],
      [2500, 7500],
    ] as const)
      for (const lean of [0.5, 2, 8]) {
        const step = lean / (ours + theirs);
        let exact = 0;
        for (let i = 1; i <= ours; i++)
          exact += Math.log((Math.expm1(step * (theirs + i)) * i) / (Math.expm1(step * i) * (theirs + i)));
        const found = expectedByRank(lean, ours, theirs);
        assert.ok(
          Math.abs(found - exact) < 1e-5,
          `${ours} of ${ours + theirs}, ${lean}: ${found}, not ${exact}`,
        );
      }
  });
});
