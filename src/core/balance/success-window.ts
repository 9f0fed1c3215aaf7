/** Length of a window: it slides by halves, so that it spans between 5 and 10 s. */
const HALF = 5_000;

/** How often something went well and how often it failed, lately. */
export class SuccessWindow {
  #good = 0;
  #bad = 0;
  #oldGood = 0;
  #oldBad = 0;
  #ends = 0;

  /** @param now monotonic milliseconds; one from before the last call counts as of then */
  add(isWell: boolean, now: number): void {
    this.#slide(now);
    if (isWell) this.#good += 1;
    else this.#bad += 1;
  }

  bad(now: number): number {
    this.#slide(now);
    return this.#bad + this.#oldBad;
  }

  all(now: number): number {
    this.#slide(now);
    return this.#good + this.#oldGood + this.#bad + this.#oldBad;
  }

  clear(): void {
    this.#good = this.#bad = this.#oldGood = this.#oldBad = 0;
  }

  #slide(now: number): void {
    if (now < this.#ends) return;
    const isNext = now < this.#ends + HALF;
    this.#oldGood = isNext ? this.#good : 0;
    this.#oldBad = isNext ? this.#bad : 0;
    this.#good = this.#bad = 0;
    this.#ends = isNext ? this.#ends + HALF : now + HALF;
  }
}

/** Requests of the window below which nothing is concluded: of the one, and of the others. */
const ENOUGH = 20;
/** Difference of failure rates that matters, and how many standard errors it must be. */
const MATTERS = 0.05;
const STANDARD_ERRORS = 4;

/**
 * Whether one fails more often than the others, by more than chance explains: the two-proportion z-test, which
 * holds for two instances as for a hundred. (Envoy compares with the deviation among hosts instead, which needs at
 * least five of them.) What fails everywhere is not an instance's fault.
 *
 * @param all the others and itself
 */
export const isWorseThanOthers = (own: SuccessWindow, all: SuccessWindow, now: number): boolean => {
  const n = own.all(now);
  const others = all.all(now) - n;
  if (n < ENOUGH || others < ENOUGH) return false;
  const bad = own.bad(now);
  const badOthers = all.bad(now) - bad;
  const difference = bad / n - badOthers / others;
  const pooled = (bad + badOthers) / (n + others);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / others));
  return difference > MATTERS && difference > STANDARD_ERRORS * error;
};
