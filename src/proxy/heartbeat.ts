import type { Placed } from './running.ts';

/** Milliseconds between two beats: as fine as timeouts are kept, and shedding sees the event loop. */
export const BEAT = 50;

/** Time that the process was held up for longer than this was nobody's delay: it could neither read nor write. */
const LONGEST = 1_000;

/** Something that waits, for no longer than it may. */
export interface Timed extends Placed {
  /** @param elapsed milliseconds since the beat before */
  tick(elapsed: number): void;
}

/**
 * One timer for all that a proxy waits for, instead of some for each request.
 *
 * @param onBeat called with the milliseconds since the beat before (at most a second: a process that was stopped
 *   finds nobody guilty), those by which this one is late, and the monotonic time
 * @returns ends it
 */
export const startHeartbeat = (
  onBeat: (elapsed: number, late: number, now: number) => void,
): (() => void) => {
  let last = performance.now();
  const beat = (): void => {
    const now = performance.now();
    const elapsed = now - last;
    last = now;
    onBeat(Math.min(elapsed, LONGEST), Math.max(0, elapsed - BEAT), now);
  };
  const timer = setInterval(beat, BEAT).unref();
  return () => clearInterval(timer);
};
