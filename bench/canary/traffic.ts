import type { Pair, Sample } from '../../src/canary/analysis/sample.ts';
import { LATENCY_BUCKETS, latencyBucket, latencyOf } from '../../src/core/balance/latency-buckets.ts';
import { type Latencies, latenciesOf, type ShapeName } from './latencies.ts';
import { type Held, Pauses, type Stops } from './pauses.ts';
import { createChance } from './random.ts';
import type { Weather } from './weather.ts';

export interface Scene {
  /** Requests a second, to both versions together. */
  readonly rate: number;
  readonly shape: ShapeName;
  /** Drawn anew for each run. */
  readonly weather: (chance: () => number) => Weather;
  /** Of the one instance of the canary and the four of the stable version. */
  readonly stops?: Stops;
  /** Of the canary's requests, that fail besides. */
  readonly moreErrors: number;
  /** So many times as long are the canary's latencies: */
  readonly slower: number;
  /** this part of them, where it is not all. */
  readonly slowerPart?: number;
}

/** One run's requests, look by look. */
export interface Traffic {
  /** Requests a second. */
  readonly rate: number;
  /** Seconds since the start. */
  now(): number;
  /** The next requests to both together, evenly over time, and how both versions answer. */
  next(requests: number, share: number): Pair;
}

/** @returns makes the traffic of one run by its seed; what all runs of a scene share is made once */
export const trafficOf = (scene: Scene): ((seed: number) => Traffic) => {
  const { shape, slower, slowerPart } = scene;
  const latencies = (times: number): { readonly canary: Latencies; readonly stable: Latencies } => ({
    canary: latenciesOf(shape, times, slower, slowerPart),
    stable: latenciesOf(shape, times),
  });
  const usual = latencies(1);
  const slow = latencies(3);
  return seed => {
    const chance = createChance(seed);
    const weather = scene.weather(chance);
    const pausesOf = (instances: number): Pauses | undefined =>
      scene.stops === undefined ? undefined : new Pauses(scene.stops, instances, chance);
    const pauses = { canary: pausesOf(1), stable: pausesOf(4) };
    let at = 0;
    let owed = chance();
    return {
      rate: scene.rate,
      now: () => at,
      next: (requests, share) => {
        const until = at + requests / scene.rate;
        const from = weather.isSlow(at) ? slow : usual;
        const errorRate = weather.errorRate(at);
        // The gateway deals requests out evenly, not by lot.
        owed += requests * share;
        const ours = Math.floor(owed);
        owed -= ours;
        const draw = (version: 'canary' | 'stable', count: number, failing: number): Sample => {
          const held = pauses[version]?.holdUp(count, at, until) ?? [];
          return sampleOf(count, failing, from[version], held, chance);
        };
        const pair = {
          canary: draw('canary', ours, errorRate + scene.moreErrors),
          stable: draw('stable', requests - ours, errorRate),
        };
        at = until;
        return pair;
      },
    };
  };
};

const sampleOf = (
  requests: number,
  errorRate: number,
  from: Latencies,
  held: Held,
  chance: () => number,
): Sample => {
  const latency: number[] = new Array(held.length > 0 ? LATENCY_BUCKETS : from.end).fill(0);
  let errors = 0;
  for (let i = 0; i < requests; i++) {
    const drawn = chance();
    if (drawn < errorRate) errors += 1;
    else {
      const bucket =
        from.buckets[Math.floor(((drawn - errorRate) / (1 - errorRate)) * from.buckets.length)] ?? 0;
      const wait = held.pop();
      const found = wait === undefined ? bucket : latencyBucket(latencyOf(bucket) + wait);
      latency[found] = (latency[found] ?? 0) + 1;
    }
  }
  return { requests, errors, latency };
};
