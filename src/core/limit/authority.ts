/**
 * Who counts for several: each process judges by what it knows of an account, tells the authority what it has let pass, and
 * hears what is owed in all. Nobody waits for it. What several let pass before they hear of each other is owed, too, and paid
 * back: over a long time the rate is exact.
 */
export interface Authority {
  /**
   * @returns what is owed in each of these accounts after it, in milliseconds by its own clock
   * @throws where it is away; then nothing, or all, was entered
   */
  tell(tellings: readonly Telling[]): Promise<readonly number[]>;
}

/** Of one account. Plain data. */
export interface Telling {
  readonly name: string;
  /** As the terms of the account have it. */
  readonly interval: number;
  readonly depth: number;
  readonly isShared: boolean;
  /** Requests that have passed since the last telling. */
  readonly debits: number;
  /** Milliseconds that are owed at least: how it stood where the two have not heard of each other for a while. */
  readonly atLeast: number;
}

/**
 * How much may be owed at most, in full depths of an account, whatever is told: by a clock that was set back a whole day would
 * be owed. Many gateways that let requests pass at once owe less.
 */
export const MOST_OWED = 8;
