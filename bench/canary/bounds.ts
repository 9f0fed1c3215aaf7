/**
 * The exact upper bound of a probability at 95 % confidence, one-sided, where `hits` of `runs` were seen (Clopper and
 * Pearson 1934): the largest that gives so few with a probability of 5 %.
 */
export const upperBound = (hits: number, runs: number): number => {
  if (hits === runs) return 1;
  let [low, high] = [hits / runs, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (atMost(hits, runs, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
};

/** P(X <= hits) of a binomial, summed from its largest term down. */
const atMost = (hits: number, runs: number, probability: number): number => {
  const odds = probability / (1 - probability);
  let log = runs * Math.log1p(-probability);
  let sum = Math.exp(log);
  for (let k = 1; k <= hits; k++) {
    log += Math.log((odds * (runs - k + 1)) / k);
    sum += Math.exp(log);
  }
  return sum;
};
