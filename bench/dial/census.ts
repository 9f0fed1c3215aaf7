/** What a row of answers says of the share that one version has. */
export interface Census {
  readonly requests: number;
  /** Answers of v2. */
  readonly canaries: number;
  /** Answers that were neither version's. */
  readonly bad: number;
  /** From one canary to the next, in requests, at most; the beginning and the end count, too. */
  readonly longestGap: number;
}

/** Counts answers in their order. */
export class Counter {
  #requests = 0;
  #canaries = 0;
  #bad = 0;
  #last = 0;
  #longest = 0;

  add(version: 'one' | 'two' | undefined): void {
    this.#requests += 1;
    if (version === undefined) this.#bad += 1;
    if (version !== 'two') return;
    this.#canaries += 1;
    this.#longest = Math.max(this.#longest, this.#requests - this.#last);
    this.#last = this.#requests;
  }

  get census(): Census {
    return {
      requests: this.#requests,
      canaries: this.#canaries,
      bad: this.#bad,
      longestGap: Math.max(this.#longest, this.#requests - this.#last),
    };
  }
}
