import type { Timers } from './timers.ts';

/** The longest wait between two tries; an agent that comes back is noticed within it. */
const LONGEST_MS = 3_000;
const FIRST_MS = 100;

/**
 * How long to wait before the next try: doubling, capped, and somewhere in the upper half of that, so that the
 * clients of an agent that comes back don't do so in step.
 *
 * @param failures in a row; 1 after the first
 * @param chance draws from [0, 1)
 * @returns milliseconds
 */
export const backOff = (failures: number, chance: () => number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)) * (0.5 + chance() / 2);

/**
 * A token bucket, as Consul's documentation asks of clients that block: a change is followed at once, and a
 * storm of them at a bounded rate.
 */
export interface Bucket {
  /** Takes a token; milliseconds to wait until it is there. */
  take(): number;
}

/** @param perSecond tokens that come back each second */
export const createBucket = (timers: Timers, perSecond: number, burst: number): Bucket => {
  let tokens = burst;
  let at = timers.now();
  return {
    take: () => {
      const now = timers.now();
      tokens = Math.min(burst, tokens + ((now - at) * perSecond) / 1_000) - 1;
      at = now;
      return tokens >= 0 ? 0 : (-tokens * 1_000) / perSecond;
    },
  };
};
