/**
 * FNV-1a over UTF-16 units (Fowler, Noll, Vo; draft-eastlake-fnv), so that a prefix's hash leads to that of the whole.
 *
 * Each step is a bijection of the hash before: the same path never has the same hash with two seeds. So a hash with its
 * path says which seed it began with.
 */
export const hashOf = (seed: number, path: string): number => {
  let hash = seed;
  for (let i = 0; i < path.length; i += 1) hash = hashOn(hash, path.charCodeAt(i));
  return hash;
};

/** The hash with one more UTF-16 unit. */
export const hashOn = (hash: number, unit: number): number => Math.imul(hash ^ unit, PRIME);

/** A seed of its own for each number below 2^32, far from those of its neighbours. */
export const seedOf = (number: number): number => BASIS ^ Math.imul(number, GOLDEN);

const BASIS = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
/** 2^32 by the golden ratio (Knuth, The Art of Computer Programming, 6.4). */
const GOLDEN = 0x9e3779b1 | 0;
