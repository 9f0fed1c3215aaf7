/** One alternative that is bet on: that the odds of the canary are so many times what they may be. */
export interface Bet {
  readonly ratio: number;
  /** Of the stake of its test; those of one test add up to at most 1. */
  readonly share: number;
}

/**
 * A mixture, since nobody knows beforehand how much worse a bad canary is (Robbins 1970; Lindon and Malek 2022 mix by a
 * Dirichlet prior instead). What is worse by less than about a seventh is not found, however much is seen of it: the
 * least of these bets loses on it.
 */
export const RATIOS: readonly Bet[] = [
  { ratio: 1.3, share: 0.05 },
  { ratio: 2, share: 0.15 },
  { ratio: 3, share: 0.35 },
  { ratio: 5, share: 0.3 },
  { ratio: 10, share: 0.1 },
  { ratio: 40, share: 0.05 },
];

/**
 * By how much the capital of a bet grows (its natural logarithm) when of `all` draws `hits` fell to the canary, where
 * each does with a probability of at most `expected`: the likelihood ratio of two binomials. Its expectation is then
 * at most 1, by whatever was seen before.
 */
export const growth = (ratio: number, hits: number, all: number, expected: number): number =>
  hits * Math.log(ratio) - all * Math.log1p(expected * (ratio - 1));
