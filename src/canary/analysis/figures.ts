import { bucketsOfRatio, latencyOf } from '../../core/balance/latency-buckets.ts';
import type { Pair, Sample } from './sample.ts';

/** 0 where there was no request. */
export const errorRate = ({ requests, errors }: Sample): number => (requests === 0 ? 0 : errors / requests);

/**
 * The bucket (`src/core/latency-buckets.ts`) of the least latency that so many percent do not exceed; of the slowest,
 * where the others are fewer.
 *
 * @returns undefined where nothing was measured
 */
const bucketAt = ({ latency }: Sample, percent: number): number | undefined => {
  let all = 0;
  for (const count of latency) all += count;
  let above = 0;
  for (let bucket = latency.length - 1; bucket >= 0; bucket--) {
    above += latency[bucket] ?? 0;
    if (above > (1 - percent / 100) * all) return bucket;
  }
  return undefined;
};

/** Seconds; undefined where nothing was measured. */
export const latencyAt = (sample: Sample, percent: number): number | undefined => {
  const bucket = bucketAt(sample, percent);
  return bucket === undefined ? undefined : latencyOf(bucket);
};

/** Whether so many percent of the canary's requests take longer than may be, by the buckets, as the test sees it. */
export const isSlowerAt = ({ canary, stable }: Pair, percent: number, maxRatio: number): boolean => {
  const ours = bucketAt(canary, percent);
  const theirs = bucketAt(stable, percent);
  return ours !== undefined && theirs !== undefined && ours > theirs + bucketsOfRatio(maxRatio);
};
