import { latencyOf } from '../../core/latency-buckets.ts';
import type { Sample } from './sample.ts';

/** 0 where there was no request. */
export const errorRate = ({ requests, errors }: Sample): number => (requests === 0 ? 0 : errors / requests);

/**
 * The bucket (`src/core/latency-buckets.ts`) of the least latency that 99 % do not exceed; of fewer than 100, of the
 * slowest.
 *
 * @returns undefined where nothing was measured
 */
export const p99Bucket = ({ latency }: Sample): number | undefined => {
  let all = 0;
  for (const count of latency) all += count;
  let above = 0;
  for (let bucket = latency.length - 1; bucket >= 0; bucket--) {
    above += latency[bucket] ?? 0;
    if (above > 0.01 * all) return bucket;
  }
  return undefined;
};

/** Seconds. */
export const p99 = (sample: Sample): number | undefined => {
  const bucket = p99Bucket(sample);
  return bucket === undefined ? undefined : latencyOf(bucket);
};
