import { type Bet, growth, RATIOS } from './bet.ts';
import { LATENCY_BETS, latencyGrowth } from './latency.ts';
import type { Pair } from './sample.ts';
import type { Limits, TestName } from './verdict.ts';

/** A game that is fair or worse for its bets while its null hypothesis holds. */
export interface Test {
  /** Of what a rollout may be wrong by. */
  readonly budget: number;
  /** Shares of its bets in its stake. */
  readonly shares: readonly number[];
  /** Whether it is about both versions, so that there must be something of each. */
  readonly compares: boolean;
  /** For each bet by how much its capital grows, ln. */
  grow(pair: Pair, limits: Limits): number[];
}

const sharesOf = (bets: readonly Bet[]): number[] => bets.map(bet => bet.share);

/** Null: each request of the canary fails with a probability of at most `maxErrorRate`. */
const limit: Test = {
  budget: 0.1,
  shares: sharesOf(RATIOS),
  compares: false,
  grow: ({ canary }, { maxErrorRate }) =>
    RATIOS.map(({ ratio }) => growth(ratio, canary.errors, canary.requests, maxErrorRate)),
};

/**
 * Null: at no moment a request is more likely to fail at the canary than at the stable version, however both rates
 * move. Of the errors in a block the canary then has no more than its share of the requests: Lindon and Malek,
 * Anytime-Valid Inference for Multinomial Count Data (NeurIPS 2022), on time-inhomogeneous Poisson counting processes.
 * Given the block's totals the count is hypergeometric, and draws with replacement expect at least as much of anything
 * convex (Hoeffding 1963, theorem 4): the binomial is on the safe side.
 */
const errors: Test = {
  budget: 0.45,
  shares: sharesOf(RATIOS),
  compares: true,
  grow: ({ canary, stable }) => {
    const share = canary.requests / (canary.requests + stable.requests);
    return RATIOS.map(({ ratio }) => growth(ratio, canary.errors, canary.errors + stable.errors, share));
  },
};

/** See `latency.ts`. */
const latency: Test = {
  budget: 0.45,
  shares: LATENCY_BETS,
  compares: true,
  grow: ({ canary, stable }, { maxP99Ratio }) => latencyGrowth(canary.latency, stable.latency, maxP99Ratio),
};

export const TESTS: Readonly<Record<TestName, Test>> = { limit, errors, latency };
