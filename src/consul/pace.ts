import { createBackOff } from '../core/retry/back-off.ts';
import type { Timers } from '../telemetry/timers.ts';

/** An agent that comes back is noticed within 3 s. */
export const backOff = createBackOff(100, 3_000);

/**
 * A token bucket, as Consul's documentation asks of clients that block: a change is followed at once, and a
 * storm of them at a bounded rate.
 */
export interface Bucket {
  /** Takes a token, or so many; milliseconds to wait until they are there. */
  take(count?: number): number;
}

/** @param perSecond tokens that come back each second */
export const createBucket = (timers: Timers, perSecond: number, burst: number): Bucket => {
  let tokens = burst;
  let at = timers.now();
  return {
    take: (count = 1) => {
      const now = timers.now();
      tokens = Math.min(burst, tokens + ((now - at) * perSecond) / 1_000) - count;
      at = now;
      return tokens >= 0 ? 0 : (-tokens * 1_000) / perSecond;
    },
  };
};

/** Keeps something from running too often. */
export interface Throttle {
  /** Runs at once, or, where the last time is not long enough ago, once when it is. */
  want(): void;
  /** Takes back what is still to come. */
  stop(): void;
}

/** @param everyMs from one run to the next, at least */
export const createThrottle = (timers: Timers, everyMs: number, run: () => void): Throttle => {
  let earliest = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  const runNow = (): void => {
    cancel = undefined;
    earliest = timers.now() + everyMs;
    run();
  };
  return {
    want: () => {
      if (cancel !== undefined) return;
      const delay = earliest - timers.now();
      if (delay <= 0) runNow();
      else cancel = timers.after(delay, runNow);
    },
    stop: () => cancel?.(),
  };
};
