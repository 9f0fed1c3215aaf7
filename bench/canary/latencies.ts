import { latencyBucket } from '../../src/core/balance/latency-buckets.ts';
import { createChance, normal } from './random.ts';

/** Draws one latency, seconds. */
type Shape = (chance: () => number) => number;

const logNormal =
  (median: number, spread: number): Shape =>
  chance =>
    median * Math.exp(spread * normal(chance));

const [hit, miss, body] = [logNormal(0.005, 0.35), logNormal(0.06, 0.35), logNormal(0.03, 0.5)];

/** What the latencies of services look like. */
export const SHAPES = {
  'one hump': logNormal(0.05, 0.5),
  'wide hump': logNormal(0.05, 1),
  'hits and misses': chance => (chance() < 0.8 ? hit(chance) : miss(chance)),
  'heavy tail': chance => (chance() < 0.95 ? body(chance) : 0.06 * (1 - chance()) ** (-1 / 1.5)),
} satisfies Record<string, Shape>;

export type ShapeName = keyof typeof SHAPES;

/** The buckets of many latencies, of which to draw one is to draw a latency: a simulation has no time for logarithms. */
export interface Latencies {
  readonly buckets: Uint16Array;
  /** Beyond the last that is in it. */
  readonly end: number;
}

const DRAWS = 1 << 18;

/** @param times as long as usual are all, and `slower` times as long as that this part of them */
export const latenciesOf = (shape: ShapeName, times: number, slower = 1, part = 1): Latencies => {
  const chance = createChance(1);
  const buckets = new Uint16Array(DRAWS);
  for (let i = 0; i < DRAWS; i++)
    buckets[i] = latencyBucket(SHAPES[shape](chance) * times * (i < part * DRAWS ? slower : 1));
  return { buckets, end: buckets.reduce((most, bucket) => Math.max(most, bucket), 0) + 1 };
};
