import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { advance, beginAnalysis, beginStep } from '../../../src/canary/analysis/analysis.ts';
import { addPairs, NOTHING, type Pair } from '../../../src/canary/analysis/sample.ts';
import type { Analysis } from '../../../src/canary/analysis/state.ts';
import { histogram, LIMITS, look, sample } from './build.ts';

interface Case {
  readonly name: string;
  readonly pair: Pair;
  readonly times?: number;
  /** Default: that of LIMITS. */
  readonly minRequests?: number;
  readonly outcome: string;
  readonly text: RegExp;
}

describe('a verdict', () => {
  const cases: Case[] = [
    {
      name: 'is inconclusive with too little traffic',
      pair: { canary: sample(499), stable: sample(10_000) },
      outcome: 'inconclusive',
      text: /^499 of 500 requests$/,
    },
    {
      name: 'is sound when enough was seen and all is well',
      pair: { canary: sample(500, 2), stable: sample(10_000, 50) },
      outcome: 'sound',
      text: /errors 0\.4 % \(2 of 500\) against 0\.5 % \(50 of 10,000\); latency p99 12\d ms against 12\d ms × 1\.3$/,
    },
    {
      name: 'is a breach where more fails than may, though there were few requests and stable fails as often',
      pair: { canary: sample(60, 12), stable: sample(1000, 200) },
      outcome: 'breach',
      text: /^errors 20 % \(12 of 60\), at most 1 % allowed \(by chance: 1 in [\d,]+\)$/,
    },
    {
      name: 'is a breach where the canary fails more often than the stable version, within the limit',
      pair: { canary: sample(10_000, 90), stable: sample(90_000, 90) },
      outcome: 'breach',
      text: /^errors 0\.9 % \(90 of 10,000\) against 0\.1 % \(90 of 90,000\) \(by chance: 1 in [\d,]+\)$/,
    },
    {
      name: 'is a breach where all is slower than it may be',
      pair: { canary: sample(100, 0, 1.5), stable: sample(900) },
      times: 10,
      outcome: 'breach',
      text: /^latency p99 1[78]\d ms against 12\d ms × 1\.3 \(by chance: 1 in [\d,]+\)$/,
    },
    {
      name: 'is a breach where only the tail is slower than it may be',
      pair: {
        canary: {
          requests: 100,
          errors: 0,
          latency: histogram([...Array(94).fill(100), ...Array(6).fill(200)]),
        },
        stable: {
          requests: 900,
          errors: 0,
          latency: histogram([...Array(891).fill(100), ...Array(9).fill(200)]),
        },
      },
      times: 30,
      outcome: 'breach',
      text: /^latency p99 73\.2 ms against 2\.73 ms × 1\.3 \(by chance: /,
    },
    {
      name: 'tells of the median where it is that which takes too long',
      pair: {
        canary: {
          requests: 100,
          errors: 0,
          latency: histogram([...Array(90).fill(150), ...Array(10).fill(200)]),
        },
        stable: {
          requests: 900,
          errors: 0,
          latency: histogram([...Array(800).fill(100), ...Array(100).fill(200)]),
        },
      },
      times: 10,
      outcome: 'breach',
      text: /^latency p50 14\.\d ms against 2\.7\d ms × 1\.3 \(by chance: /,
    },
    {
      name: 'takes one look for one event, however many requests were slow in it',
      pair: { canary: sample(1000, 0, 10), stable: sample(9000) },
      outcome: 'inconclusive',
      text: /^not within the limit: latency p99 /,
    },
    {
      name: 'allows what the ratio allows',
      pair: { canary: sample(1000, 0, 1.28), stable: sample(9000) },
      times: 20,
      outcome: 'sound',
      text: /latency p99 15\d ms against 12\d ms × 1\.3$/,
    },
    {
      name: 'holds at figures beyond the limit that prove nothing',
      pair: { canary: sample(500, 6), stable: sample(500, 5) },
      outcome: 'inconclusive',
      text: /^not within the limit: errors 1\.2 % \(6 of 500\), at most 1 % allowed$/,
    },
    {
      name: 'holds at a suspicion',
      pair: { canary: sample(1000, 9), stable: sample(9000, 18) },
      outcome: 'inconclusive',
      text: /^suspicious, not proven: errors 0\.9 % \(9 of 1,000\) against 0\.2 % \(18 of 9,000\) \(by chance: /,
    },
    {
      name: 'has only the limit to go by where the stable version has no traffic',
      pair: { canary: sample(1000, 3, 5), stable: NOTHING },
      outcome: 'sound',
      text: /^errors 0\.3 % \(3 of 1,000\), at most 1 % allowed$/,
    },
    {
      name: 'is not held by the few requests that a stable version still has on its way out',
      pair: { canary: sample(1000, 3, 1.5), stable: sample(30) },
      outcome: 'sound',
      text: /; latency p99 1[78]\d ms against 12\d ms × 1\.3$/,
    },
    {
      name: 'is not held by them where no least number was asked for, either',
      pair: { canary: sample(1000, 3, 1.5), stable: sample(3) },
      minRequests: 0,
      outcome: 'sound',
      text: /; latency p99 1[78]\d ms against \d+ ms × 1\.3$/,
    },
    {
      name: 'is not held by one slow request among few',
      pair: {
        canary: { requests: 30, errors: 0, latency: histogram([...Array(29).fill(100), 200]) },
        stable: { requests: 3000, errors: 0, latency: histogram(Array(3000).fill(100)) },
      },
      minRequests: 0,
      outcome: 'sound',
      text: /latency p99 73\.2 ms against 2\.73 ms × 1\.3$/,
    },
    {
      name: 'knows nothing without a canary',
      pair: { canary: NOTHING, stable: sample(1000) },
      outcome: 'inconclusive',
      text: /^0 of 500 requests$/,
    },
  ];
  for (const { name, pair, times = 1, minRequests = LIMITS.minRequests, outcome, text } of cases) {
    it(name, () => {
      const { verdict } = look(pair, { times, from: beginAnalysis({ ...LIMITS, minRequests }) });
      assert.equal(verdict.outcome, outcome, verdict.text);
      assert.match(verdict.text, text);
    });
  }
});

describe('a step', () => {
  it('is passed by its own requests, and evidence stays', () => {
    const early = { canary: sample(600, 5), stable: sample(6000, 12) };
    const late = { canary: sample(400, 7), stable: sample(3600, 8) };
    const second = beginStep(look(early).state);
    assert.match(
      look({ canary: sample(100), stable: sample(900) }, { from: second }).verdict.text,
      /^100 of 500 requests$/,
    );
    assert.equal(look(late).verdict.outcome, 'inconclusive');
    assert.equal(look(late, { from: second }).verdict.outcome, 'breach');
  });

  it('takes with it what was too little to compare', () => {
    const few = { canary: sample(10, 10), stable: sample(80) };
    const { state } = look(few);
    assert.deepEqual(state.capitals.errors, beginAnalysis(LIMITS).capitals.errors);
    const errors = look({ canary: sample(1), stable: NOTHING }, { from: beginStep(state) }).verdict.findings;
    assert.ok(errors.some(finding => finding.isBreach));
  });
});

describe('a canary that was well for long', () => {
  it('is caught about as soon as a new one, however much it had proven before', () => {
    const well = { canary: sample(250, 1), stable: sample(750, 4) };
    const ill = { canary: sample(50, 3), stable: sample(150, 1) };
    const looksUntil = (from: Analysis): number => {
      let [state, looks] = [from, 0];
      for (let isCaught = false; !isCaught; looks++) {
        const looked = advance(state, ill);
        [state, isCaught] = [looked.state, looked.verdict.outcome === 'breach'];
      }
      return looks;
    };
    const atOnce = looksUntil(beginAnalysis(LIMITS));
    const afterDays = looksUntil(look(well, { times: 2000 }).state);
    assert.ok(afterDays <= 3 * atOnce + 10, `${afterDays} looks, ${atOnce} at the start`);
  });
});

describe('the state', () => {
  const counts = fc.record({
    requests: fc.nat({ max: 80 }),
    failing: fc.double({ min: 0, max: 0.2, noNaN: true }),
    slower: fc.constantFrom(0.01, 1, 1.5, 1e6),
  });
  const samples = counts.map(({ requests, failing, slower }) =>
    sample(requests, Math.floor(requests * failing), slower),
  );
  const pairs = fc.record({ canary: samples, stable: samples });

  it('goes on from JSON as if it never had been away', () => {
    fc.assert(
      fc.property(fc.array(pairs, { maxLength: 12 }), looks => {
        let state = beginAnalysis(LIMITS);
        let travelled = state;
        for (const pair of looks) {
          const here = advance(state, pair);
          const there = advance(JSON.parse(JSON.stringify(travelled)), pair);
          assert.deepEqual(there, here);
          [state, travelled] = [here.state, there.state];
        }
      }),
    );
  });

  it('is the same wherever a block is cut into looks', () => {
    fc.assert(
      fc.property(pairs, pairs, (first, second) => {
        fc.pre(first.canary.requests + first.stable.requests < 100);
        const cut = look(second, { from: look(first).state });
        const whole = look(addPairs(first, second));
        assert.deepEqual(cut.state.seen, whole.state.seen);
        assert.deepEqual(cut.state.pending, whole.state.pending);
        for (const test of ['limit', 'errors', 'latency'] as const)
          for (const [bet, capital] of cut.state.capitals[test].entries())
            assert.ok(Math.abs(capital - (whole.state.capitals[test][bet] ?? Number.NaN)) < 1e-9);
      }),
    );
  });

  it('stays small, however long the canary runs', () => {
    const { state } = look({ canary: sample(1000, 3, 1e6), stable: sample(9000, 20, 1e6) }, { times: 3000 });
    assert.ok(JSON.stringify(state).length < 10_000);
  });
});
