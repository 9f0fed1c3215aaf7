/**
 * The statistic of Mann and Whitney: of all pairs of one request of each side, in how many the first is slower. Its
 * generating function is known: the Gaussian binomial coefficient (Andrews, The Theory of Partitions, 1976,
 * section 3.2).
 */

/** The histograms have the same buckets; pairs within one count half. */
export const winsOf = (ours: readonly number[], theirs: readonly number[]): number => {
  let faster = 0;
  let wins = 0;
  for (let bucket = 0; bucket < ours.length; bucket++) {
    const same = theirs[bucket] ?? 0;
    wins += (ours[bucket] ?? 0) * (faster + same / 2);
    faster += same;
  }
  return wins;
};

/**
 * ln E[e^(lean × wins / all)], where `ours` of the ranks of all are drawn without replacement, each choice alike: a sum
 * over all requests, which costs the same however many they are (Euler and Maclaurin; off by less than 1e-5 from 100
 * requests on).
 */
export const expectedByRank = (lean: number, ours: number, theirs: number): number => {
  const step = lean / (ours + theirs);
  return summed(ours + theirs, step) - summed(ours, step) - summed(theirs, step);
};

/** Of `rise(step × i)`, for i from 1 to count. */
const summed = (count: number, step: number): number => {
  const end = step * count;
  return integral(end) / step + rise(end) / 2 + (step * (slope(end) - 1 / 2)) / 12;
};

const rise = (at: number): number => Math.log(Math.expm1(at) / at);

const slope = (at: number): number => 1 / -Math.expm1(-at) - 1 / at;

/** Nodes and weights of Gauss and Legendre's rule of 8 points, of one half. */
const NODES = [
  [0.1834346424956498, 0.362683783378362],
  [0.525532409916329, 0.3137066458778873],
  [0.7966664774136267, 0.2223810344533745],
  [0.9602898564975363, 0.1012285362903763],
] as const;

/** Of `rise` from 0, which is smooth enough for as few points up to 8. */
const integral = (end: number): number => {
  const half = end / 2;
  let sum = 0;
  for (const [node, weight] of NODES) sum += weight * (rise(half * (1 - node)) + rise(half * (1 + node)));
  return half * sum;
};
