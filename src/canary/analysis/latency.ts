import { bucketsOfRatio } from '../../core/balance/latency-buckets.ts';
import { growth } from './bet.ts';
import { expectedByRank, winsOf } from './rank-sum.ts';

/**
 * Null: at no moment a latency of the canary is stochastically longer than one of the stable version times the
 * allowed ratio. So the canary's are divided by it, and the two histograms of a block pooled and ranked: were both
 * alike now, each way to deal out the ranks would be just as likely, and where the canary's are shorter still
 * its ranks are only lower. What is bet on are sums of ranks, which no unit, shape or drift of latencies touches. (Lindon,
 * Sanden, Shirikian, KDD 2022, test the same order by confidence sequences for both distribution functions, which must
 * stand still for that.)
 *
 * Ties (one bucket) count as if broken by lot, on average; a bet gains more by lots than by their average (Jensen's
 * inequality), so that the null's expectation stays at most 1.
 */

/**
 * On the body of the distribution, by the statistic of Mann and Whitney: a canary's request is `e^lean` times as
 * likely to have the highest rank as the lowest.
 */
const LEANS: readonly { readonly lean: number; readonly share: number }[] = [
  { lean: 0.5, share: 0.12 },
  { lean: 1, share: 0.18 },
  { lean: 2, share: 0.15 },
  { lean: 4, share: 0.1 },
  { lean: 8, share: 0.05 },
];

/** On the tail: of the slowest `part` of all requests the canary has `ratio` times its share. */
const TAILS: readonly { readonly part: number; readonly ratio: number; readonly share: number }[] = [
  { part: 0.05, ratio: 2, share: 0.08 },
  { part: 0.05, ratio: 5, share: 0.08 },
  { part: 0.02, ratio: 3, share: 0.08 },
  { part: 0.01, ratio: 3, share: 0.08 },
  { part: 0.01, ratio: 8, share: 0.08 },
];

export const LATENCY_BETS: readonly number[] = [...LEANS, ...TAILS].map(({ share }) => share);

/**
 * By more than this, ln, no bet's capital grows in one block. Requests are not alone: an instance that stops for a
 * second, to collect garbage or since its machine is busy, holds up all that it has, and those are one event, not as
 * many as there were requests. So nothing is proven by fewer than four blocks that agree, and by the tail alone by fewer
 * than nine, however many requests they have. What is cut off a growth only makes the null's expectation less.
 */
const MOST_A_BLOCK = { body: 2.5, tail: 1 };

/** @returns for each bet by how much its capital grows, ln; 0 where one version has nothing to compare */
export const latencyGrowth = (
  canary: readonly number[],
  stable: readonly number[],
  allowedRatio: number,
): number[] => {
  const scaled = scaleDown(canary, bucketsOfRatio(allowedRatio));
  const ours = sum(scaled);
  const theirs = sum(stable);
  if (ours === 0 || theirs === 0) return LATENCY_BETS.map(() => 0);
  const all = ours + theirs;
  const wins = winsOf(scaled, stable);
  return [
    ...LEANS.map(({ lean }) =>
      Math.min(MOST_A_BLOCK.body, (wins * lean) / all - expectedByRank(lean, ours, theirs)),
    ),
    ...TAILS.map(({ part, ratio }) => {
      const slowest = Math.max(1, Math.round(part * all));
      const found = amongSlowest(scaled, stable, slowest);
      return Math.min(MOST_A_BLOCK.tail, growth(ratio, found, slowest, ours / all));
    }),
  ];
};

/** Never by less than the ratio says, and what leaves the scale at its lower end stays there. */
const scaleDown = (histogram: readonly number[], buckets: number): number[] => {
  const scaled = histogram.slice(buckets);
  scaled[0] = sum(histogram.slice(0, buckets + 1));
  return scaled;
};

/** How many of the slowest are ours, where those of one bucket are drawn from it by lot: on average. */
const amongSlowest = (ours: readonly number[], theirs: readonly number[], slowest: number): number => {
  let left = slowest;
  let found = 0;
  for (let bucket = Math.max(ours.length, theirs.length) - 1; bucket >= 0 && left > 0; bucket--) {
    const own = ours[bucket] ?? 0;
    const here = own + (theirs[bucket] ?? 0);
    if (here === 0) continue;
    const taken = Math.min(left, here);
    found += (taken * own) / here;
    left -= taken;
  }
  return found;
};

const sum = (counts: readonly number[]): number => {
  let total = 0;
  for (const count of counts) total += count;
  return total;
};
