/**
 * Who counts for several processes. Each of them judges by what it knows of an account, tells the authority what it has let
 * pass, and hears what is owed in all. No request waits for it. What several let pass before they hear of each other is owed,
 * too, and paid back: over a long time the rate is exact.
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

/** What the authority lets everybody know of an account, asked or not. Plain data. */
export interface News {
  readonly name: string;
  /** Milliseconds. */
  readonly owed: number;
}

/**
 * How much may be owed at most, in full depths of an account, whatever is told: by a clock that was set back, a whole day would
 * be owed. Gateways that let requests pass at the same time owe less.
 */
export const MOST_OWED = 8;

/** Faster limits, in milliseconds of their interval, are told of so often that nobody need be told besides. */
const SLOW = 10;

/**
 * From what is owed on, in milliseconds, everybody is to know of an account: a caller who has used up half of a slow limit
 * with some is not to begin anew with the others. There is no such news of the many who stay below; undefined for none at all.
 */
export const newsFrom = ({ interval, depth }: Pick<Telling, 'interval' | 'depth'>): number | undefined =>
  interval < SLOW ? undefined : depth / 2;
