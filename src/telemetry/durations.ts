import type { Rows } from './rows.ts';

/** Upper bounds in seconds: from a hit in a cache to a slow report. */
export const DURATION_BOUNDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** Cells that durations take: one for each bound, and one for what is beyond the last. */
export const BUCKETS = DURATION_BOUNDS.length + 1;

/** @param sum and buckets the cells of the row */
export const countDuration = (rows: Rows, sum: number, buckets: number, seconds: number): void => {
  let bucket = 0;
  while (bucket < DURATION_BOUNDS.length && seconds > (DURATION_BOUNDS[bucket] as number)) bucket += 1;
  rows.plus(sum, seconds);
  rows.plus(buckets + bucket, 1);
};

/** As values of a histogram's series; undefined where there are none. */
export const durationsAt = ({ cells }: Rows, sum: number, buckets: number): number[] | undefined => {
  const counts = Array.from(cells.subarray(buckets, buckets + BUCKETS));
  if (counts.every(count => count === 0)) return undefined;
  counts.push(cells[sum] as number);
  return counts;
};
