/**
 * One scale for all latencies that are compared with each other: buckets of equal width in the logarithm, about
 * 3.3 %, from 100 µs to 100 s, so that a product of latencies is a shift of buckets and histograms of several
 * gateways add up. 70 to a decade, since the usual ratios are then close to whole numbers of buckets (1.3 is 7.98,
 * 1.1 is 2.90).
 */
const PER_DECADE = 70;
const SHORTEST = 1e-4;
const DECADES = 6;

/** Bucket 0 also holds what is shorter than the scale, the last one what is longer. */
export const LATENCY_BUCKETS = PER_DECADE * DECADES;

/** @param seconds what is negative or no number counts as 0 */
export const latencyBucket = (seconds: number): number => {
  if (!(seconds > SHORTEST)) return 0;
  const bucket = Math.floor(Math.log10(seconds / SHORTEST) * PER_DECADE);
  return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
};

/** The middle of a bucket (of its logarithm), seconds: at most 1.7 % from whatever is in it. */
export const latencyOf = (bucket: number): number => SHORTEST * 10 ** ((bucket + 0.5) / PER_DECADE);

/** By how many whole buckets latencies move that grow by this ratio: rounded up, so never by less than that. */
export const bucketsOfRatio = (ratio: number): number =>
  Math.max(0, Math.ceil(Math.log10(ratio) * PER_DECADE - 1e-9));
