import { createBackOff } from '../core/back-off.ts';
import type { Timers } from '../telemetry/timers.ts';

/** An agent that comes back is noticed within 3 s. */
export const backOff = createBackOff(100, 3_000);

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
