/** So long the loop must be late without a break before anything is refused. */
const INTERVAL = 500;

/** A delay that falls to this part of itself within an interval is that of a queue which drains. */
const DRAINS = 0.75;

/** Of requests, added for each time the target that the loop is late, and at most at once. */
const STEP = 0.1;
const MOST_AT_ONCE = 0.5;

/** Taken back at each sample that is in time. */
const RELIEF = 0.01;

/** Some are always let through: by them one sees that it is over. */
const MOST = 0.95;

/** With so few requests under way it is not they that hold the loop up. */
const FEW = 8;

/**
 * Refuses a share of the requests while the event loop cannot keep up, after CoDel (RFC 8289): a queue that
 * drains between bursts does no harm, one that *stands* makes everybody wait. The loop's delay is the time that
 * work waits in that queue, and what counts is its minimum over an interval: a single long pause (a garbage
 * collection, a stopped process) is one bad sample between good ones and refuses nobody.
 */
export class Shedding {
  readonly #target: number;
  readonly #period: number;
  #lateSince: number | undefined;
  #delayThen = 0;
  #delay = 0;
  #share = 0;
  /** When the first request since the last sample came. */
  #busySince: number | undefined;

  /**
   * @param target milliseconds; 0 never refuses
   * @param period milliseconds between two samples, many of which are in an interval
   */
  constructor(target: number, period: number) {
    this.#target = target;
    this.#period = period;
  }

  /** By how many milliseconds the loop was late when it was last looked at. */
  get delay(): number {
    return this.#delay;
  }

  /** Of the requests that come, in [0, 1). */
  get share(): number {
    return this.#share;
  }

  /**
   * @param delay milliseconds between the moment for which this call was asked for and its coming
   * @param now milliseconds, monotonic
   */
  sample(delay: number, now: number): void {
    this.#delay = delay;
    this.#busySince = undefined;
    if (this.#target === 0) return;
    if (delay >= this.#target) this.#late(delay, now);
    else {
      this.#lateSince = undefined;
      this.#share = Math.max(0, this.#share - RELIEF);
    }
  }

  /**
   * To be asked for each request, since a turn in which very many come may last for seconds, without a sample.
   *
   * @param requests under way
   * @param now milliseconds, monotonic
   * @param chance draws from [0, 1)
   */
  refuses(requests: number, now: number, chance: () => number): boolean {
    if (this.#target === 0) return false;
    this.#busySince ??= now;
    const delay = now - this.#busySince - this.#period;
    if (delay >= this.#target) this.#late(delay, now);
    return this.#share > 0 && requests > FEW && chance() < this.#share;
  }

  #late(delay: number, now: number): void {
    if (this.#lateSince !== undefined && now - this.#lateSince < INTERVAL) return;
    const stands = this.#lateSince !== undefined && delay > this.#delayThen * DRAINS;
    this.#lateSince = now;
    this.#delayThen = delay;
    if (!stands) return;
    const step = Math.min(MOST_AT_ONCE, STEP * (delay / this.#target));
    this.#share = Math.min(MOST, this.#share + step);
  }
}
