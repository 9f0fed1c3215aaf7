import { advance, beginAnalysis } from '../../../src/canary/analysis/analysis.ts';
import type { Pair, Sample } from '../../../src/canary/analysis/sample.ts';
import type { Analysis } from '../../../src/canary/analysis/state.ts';
import type { Limits, Verdict } from '../../../src/canary/analysis/verdict.ts';
import { latencyBucket } from '../../../src/core/balance/latency-buckets.ts';

export const LIMITS: Limits = { maxErrorRate: 0.01, maxP99Ratio: 1.3, minRequests: 500, steps: 5 };

/** How many there are of each bucket. */
export const histogram = (buckets: readonly number[]): number[] => {
  const counts: number[] = new Array(Math.max(-1, ...buckets) + 1).fill(0);
  for (const bucket of buckets) counts[bucket] = (counts[bucket] ?? 0) + 1;
  return counts;
};

/** `requests` of which `errors` fail and the others take 80, 100 and 120 ms by turns, times `slower`. */
export const sample = (requests: number, errors = 0, slower = 1): Sample => {
  const took = [0.08, 0.1, 0.12].map(seconds => latencyBucket(seconds * slower));
  const buckets = Array.from({ length: requests - errors }, (_, i) => took[i % 3] ?? 0);
  return { requests, errors, latency: histogram(buckets) };
};

export interface Looked {
  readonly state: Analysis;
  readonly verdict: Verdict;
}

/** Looks so often, each time at the same; ends with a breach. */
export const look = (pair: Pair, { times = 1, from = beginAnalysis(LIMITS) } = {}): Looked => {
  let looked = advance(from, pair);
  for (let i = 1; i < times && looked.verdict.outcome !== 'breach'; i++) looked = advance(looked.state, pair);
  return looked;
};
