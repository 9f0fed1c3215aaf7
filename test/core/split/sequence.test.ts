import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { mix32 } from '../../../src/core/hash.ts';
import { Sequence } from '../../../src/core/split/sequence.ts';

/** How draws fall on [from, from + share). */
interface Falls {
  readonly hits: number;
  /** Draws from one hit to the next, at most. */
  readonly longest: number;
  /** Between hits so far and what the share would have, at most. */
  readonly furthest: number;
}

/** @param every only each so many-th draw is looked at */
const fallsOf = (start: number, from: number, share: number, draws: number, every = 1): Falls => {
  const sequence = new Sequence(start);
  let hits = 0;
  let longest = 0;
  let furthest = 0;
  let last = 0;
  for (let i = 1; i <= draws; i++) {
    const value = sequence.next();
    if (i % every !== 0) continue;
    const seen = i / every;
    if (value >= from && value < from + share) {
      hits += 1;
      if (hits > 1) longest = Math.max(longest, seen - last);
      last = seen;
    }
    furthest = Math.max(furthest, Math.abs(hits - seen * share));
  }
  return { hits, longest: Math.max(longest, draws / every - last), furthest };
};

const aStart = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('a million draws', () => {
  for (const share of [0.0001, 0.001, 0.005, 0.05, 0.1]) {
    it(`fall on ${share * 100} % as often as that says, and with no gap of three times the mean`, t => {
      const { hits, longest, furthest } = fallsOf(0.37, 1 - share, share, 1_000_000);
      t.diagnostic(`${hits} hits, never off by more than ${furthest.toFixed(1)}, longest gap ${longest}`);
      assert.ok(Math.abs(hits - 1_000_000 * share) <= 6, `${hits}`);
      assert.ok(longest < 3 / share, `${longest}`);
    });
  }
});

describe('a million draws of several processes, dealt by chance', () => {
  for (const [processes, most] of [
    [2, 3],
    [4, 5],
    [8, 7.5],
  ] as const) {
    it(`of ${processes}: no gap on 0.5 % of ${most} times the mean, where chance alone would have about nine`, t => {
      const share = 0.005;
      const each = Array.from({ length: processes }, (_, i) => new Sequence((0.618 * i * i + 0.2) % 1));
      let last = 0;
      let longest = 0;
      for (let i = 1; i <= 1_000_000; i++) {
        const value = each[mix32(i) % processes]?.next() ?? 0;
        if (value < 1 - share) continue;
        longest = Math.max(longest, i - last);
        last = i;
      }
      t.diagnostic(`longest gap ${(longest * share).toFixed(1)} means`);
      assert.ok(longest * share < most, `${longest}`);
    });
  }
});

describe('draws, wherever they begin', () => {
  it('are in [0, 1), be the start the last hair below 1', () => {
    const sequence = new Sequence(1 - Number.EPSILON / 2);
    for (let i = 0; i < 100_000; i++) {
      const value = sequence.next();
      assert.ok(value >= 0 && value < 1, `${value}`);
    }
  });

  it('fall evenly on any part', () => {
    const share = fc.double({ min: 0.002, max: 0.5, noNaN: true });
    fc.assert(
      fc.property(aStart, aStart, share, (start, place, share) => {
        const { furthest, longest } = fallsOf(start, place * (1 - share), share, 20_000);
        assert.ok(furthest < 8, `off by ${furthest}`);
        // Twice the mean by the golden ratio; within a group the first and the last may change places.
        assert.ok(longest < 2 / share + 14, `a gap of ${longest}`);
      }),
    );
  });

  it('begin differently with another start', () => {
    const first = (start: number): number => new Sequence(start).next();
    assert.notEqual(first(0.1), first(0.2));
  });
});

describe('requests of one kind among others', () => {
  for (const share of [0.005, 0.05, 0.5]) {
    it(`have their part of ${share * 100} %, every second as well as every sixty-fourth`, () => {
      for (let every = 2; every <= 64; every++) {
        const draws = every * 20_000;
        const { hits } = fallsOf(every / 65, 0.25, share, draws, every);
        const deviation = Math.sqrt(20_000 * share * (1 - share));
        assert.ok(Math.abs(hits - 20_000 * share) < 4 * deviation, `every ${every}: ${hits}`);
      }
    });
  }
});
