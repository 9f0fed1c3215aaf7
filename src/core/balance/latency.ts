/**
 * Peak-EWMA (Finagle's `PeakEwma` load metric, twitter/finagle, p2c): an average that rises at once with a slow
 * sample and comes down by time, so that trouble is believed sooner than its end.
 */

/** The weight of what is older than this is 1/e. Milliseconds. */
const TAU = 10_000;

/** How much slower an instance looks by a failure, and what one that was never measured looks like then. */
const PENALTY = 3;
const UNMEASURED_PENALTY = 1_000;
const LONGEST = 60_000;

/** The time to the head of a response, of one instance. Milliseconds; times are monotonic and never go back. */
export class Latency {
  #estimate = 0;
  #at = 0;

  /** 0 where nothing is known. Comes down while nothing is measured, so that a slow one is tried again. */
  estimate(now: number): number {
    return this.#estimate === 0 ? 0 : this.#estimate * Math.exp((this.#at - now) / TAU);
  }

  observe(sample: number, now: number): void {
    const kept = Math.exp((this.#at - now) / TAU);
    const before = this.#estimate * kept;
    this.#estimate = sample > before ? sample : before + sample * (1 - kept);
    this.#at = now;
  }

  /** It took at least so long, and nobody knows how long it would have. */
  observeAtLeast(elapsed: number, now: number): void {
    if (elapsed > this.estimate(now)) this.observe(elapsed, now);
  }

  /** A failure is no fast answer. */
  penalise(elapsed: number, now: number): void {
    const known = this.estimate(now);
    const penalty = known === 0 ? UNMEASURED_PENALTY : known * PENALTY;
    this.observe(Math.min(LONGEST, Math.max(elapsed, penalty)), now);
  }

  forget(): void {
    this.#estimate = 0;
  }
}
