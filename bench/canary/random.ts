import { mix32 } from '../../src/core/hash.ts';

/** Uniform in [0, 1), the same series for the same seed: xoshiro128** (Blackman and Vigna 2021), 32 bits a draw. */
export const createChance = (seed: number): (() => number) => {
  const weyl = 0x9e3779b9;
  let a = mix32(seed);
  let b = mix32(seed + weyl);
  let c = mix32(seed + 2 * weyl);
  let d = mix32(seed + 3 * weyl) | 1;
  return () => {
    const scrambled = Math.imul(b, 5);
    const drawn = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return drawn / 2 ** 32;
  };
};

/** Of a normal distribution with mean 0 and deviation 1 (Box and Muller 1958). */
export const normal = (chance: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());

/** The time to the next of events that come at random, where `mean` is usual. */
export const exponential = (mean: number, chance: () => number): number => -mean * Math.log(1 - chance());
