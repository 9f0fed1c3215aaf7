/** So much at once, twice the requests of a whole connection, and so much a second from then on. */
const BURST = 500;
const PER_SECOND = 33;

/** What a client may do in vain: it is cheap for the client, and work for whoever serves it. */
export class Budget {
  #left = BURST;
  #asOf: number;

  /** @param now milliseconds of any clock, the same each time */
  constructor(now: number) {
    this.#asOf = now;
  }

  /** @returns false where there is no more */
  spend(now: number): boolean {
    this.#left = Math.min(BURST, this.#left + ((now - this.#asOf) / 1_000) * PER_SECOND);
    this.#asOf = now;
    this.#left -= 1;
    return this.#left >= 0;
  }
}
