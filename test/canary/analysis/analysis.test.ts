import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { advance, beginAnalysis, beginStep } from '../../../src/canary/analysis/analysis.ts';
import { NOTHING, type Sample } from '../../../src/canary/analysis/sample.ts';
import type { Analysis } from '../../../src/canary/analysis/state.ts';
import type { Limits, Verdict } from '../../../src/canary/analysis/verdict.ts';
import { latencyBucket } from '../../../src/core/latency-buckets.ts';

const LIMITS: Limits = { maxErrorRate: 0.01, maxP99Ratio: 1.3, minRequests: 500, steps: 5 };

/** `requests` of which `errors` fail and the others take 80, 100 and 120 ms by turns, times `slower`. */
const sample = (requests: number, errors = 0, slower = 1): Sample => {
  const latency: number[] = new Array(latencyBucket(0.12 * slower) + 1).fill(0);
  for (let i = errors; i < requests; i++) {
    const bucket = latencyBucket(([0.08, 0.1, 0.12][i % 3] ?? 0) * slower);
    latency[bucket] = (latency[bucket] ?? 0) + 1;
  }
  return { requests, errors, latency };
};

const look = (canary: Sample, stable: Sample, state: Analysis = beginAnalysis(LIMITS)): Verdict =>
  advance(state, { canary, stable }).verdict;

describe('a verdict', () => {
  const cases: { name: string; canary: Sample; stable: Sample; outcome: string; text: RegExp }[] = [
    {
      name: 'is inconclusive with too little traffic',
      canary: sample(499),
      stable: sample(10_000),
      outcome: 'inconclusive',
      text: /^499 of 500 requests$/,
    },
    {
      name: 'is sound when enough was seen and all is well',
      canary: sample(500, 2),
      stable: sample(10_000, 50),
      outcome: 'sound',
      text: /errors 0\.4 % \(2 of 500\) against 0\.5 % \(50 of 10,000\); latency p99 1[12678]\d ms against 1[12]\d ms × 1\.3/,
    },
    {
      name: 'is a breach where more fails than may, with few requests, too',
      canary: sample(60, 12),
      stable: sample(1000, 200),
      outcome: 'breach',
      text: /^errors 20 % \(12 of 60\), at most 1 % allowed \(by chance: 1 in /,
    },
    {
      name: 'is a breach where the canary fails more often than the stable version, within the limit',
      canary: sample(10_000, 90),
      stable: sample(90_000, 90),
      outcome: 'breach',
      text: /^errors 0\.9 % \(90 of 10,000\) against 0\.1 % \(90 of 90,000\) \(by chance: 1 in /,
    },
    {
      name: 'is a breach where it is slower than it may be',
      canary: sample(1000, 0, 1.5),
      stable: sample(9000),
      outcome: 'breach',
      text: /^latency p99 1[12678]\d ms against 1[12]\d ms × 1\.3 \(by chance: 1 in /,
    },
    {
      name: 'allows what the ratio allows',
      canary: sample(1000, 0, 1.28),
      stable: sample(9000),
      outcome: 'sound',
      text: /latency p99 15\d ms against 1[12]\d ms × 1\.3$/,
    },
    {
      name: 'holds at figures beyond the limit that prove nothing',
      canary: sample(500, 6),
      stable: sample(500, 5),
      outcome: 'inconclusive',
      text: /^not within the limit: errors 1\.2 % \(6 of 500\), at most 1 % allowed$/,
    },
    {
      name: 'holds at a suspicion',
      canary: sample(1000, 9),
      stable: sample(9000, 18),
      outcome: 'inconclusive',
      text: /^suspicious, not proven: errors 0\.9 % \(9 of 1,000\) against 0\.2 % \(18 of 9,000\) \(by chance: 1 in /,
    },
    {
      name: 'has only the limit to go by where the stable version has no traffic',
      canary: sample(1000, 3, 5),
      stable: NOTHING,
      outcome: 'sound',
      text: /^errors 0\.3 % \(3 of 1,000\), at most 1 % allowed$/,
    },
    {
      name: 'knows nothing without a canary',
      canary: NOTHING,
      stable: sample(1000),
      outcome: 'inconclusive',
      text: /^0 of 500 requests$/,
    },
  ];
  for (const { name, canary, stable, outcome, text } of cases) {
    it(name, () => {
      const verdict = look(canary, stable);
      assert.deepEqual(
        [verdict.outcome, verdict.text.match(text) && 'fits'],
        [outcome, 'fits'],
        verdict.text,
      );
    });
  }
});

describe('a step', () => {
  it('is passed by its own requests, and evidence stays', () => {
    const first = advance(beginAnalysis(LIMITS), { canary: sample(600, 5), stable: sample(6000, 12) });
    const second = beginStep(first.state);
    assert.match(look(sample(100), sample(900), second).text, /^100 of 500 requests$/);
    assert.equal(look(sample(400, 7), sample(3600, 8)).outcome, 'inconclusive');
    assert.equal(look(sample(400, 7), sample(3600, 8), second).outcome, 'breach');
  });
});
