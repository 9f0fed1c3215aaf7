import type { Limits } from '../../src/canary/analysis/verdict.ts';
import type { ShapeName } from './latencies.ts';
import type { Scene } from './traffic.ts';
import { fair, rough } from './weather.ts';

/** As the issue and the help of `sluice canary start` have them. */
const LIMITS: Limits = { maxErrorRate: 0.01, maxP99Ratio: 1.3, minRequests: 500, steps: 5 };

/** Where the weather makes 4 % of both fail, that much is allowed, or else the limit alone would be a breach. */
const ROUGH_LIMITS: Limits = { ...LIMITS, maxErrorRate: 0.05 };

export interface Cell {
  /** What is special, for the table. */
  readonly name: string;
  readonly scene: Scene;
  readonly limits: Limits;
}

/** A canary that is bad from its first request, in one step. */
export interface BadCell extends Cell {
  readonly share: number;
}

const good = (rate: number, shape: ShapeName, special: Partial<Scene> = {}): Scene => ({
  rate,
  shape,
  weather: fair,
  moreErrors: 0,
  slower: 1,
  ...special,
});

/** An instance that stops the world. */
const STOPS = { every: 60, lasts: 1 };

/** Whole rollouts with a canary as good as the stable version. */
export const GOOD_CELLS: readonly Cell[] = [
  { name: '', scene: good(200, 'one hump'), limits: LIMITS },
  { name: '', scene: good(200, 'hits and misses'), limits: LIMITS },
  { name: '', scene: good(200, 'heavy tail'), limits: LIMITS },
  { name: '', scene: good(50, 'one hump'), limits: LIMITS },
  { name: '', scene: good(1000, 'one hump'), limits: LIMITS },
  { name: 'rough weather', scene: good(200, 'one hump', { weather: rough }), limits: ROUGH_LIMITS },
  { name: 'instances stop', scene: good(200, 'one hump', { stops: STOPS }), limits: LIMITS },
];

const ERRORS = { moreErrors: 0.02 };
const SLOWER = { slower: 1.5 };
const SLOW_TAIL = { slower: 10, slowerPart: 1 / 30 };

const bad = (name: string, share: number, scene: Scene, limits = LIMITS): BadCell => ({
  name,
  share,
  scene,
  limits,
});

/** The same trouble at each of the first steps, and at the last of them with more traffic. */
const eachStep = (name: string, special: Partial<Scene>): BadCell[] => [
  ...[0.01, 0.05, 0.25].map(share => bad(name, share, good(200, 'one hump', special))),
  bad(name, 0.25, good(1000, 'one hump', special)),
];

export const BAD_CELLS: readonly BadCell[] = [
  ...eachStep('2 points more errors', ERRORS),
  bad(
    '2 points more errors, rough weather',
    0.05,
    good(200, 'one hump', { ...ERRORS, weather: rough }),
    ROUGH_LIMITS,
  ),
  ...eachStep('all latencies × 1.5', SLOWER),
  bad('all latencies × 1.5', 0.05, good(200, 'hits and misses', SLOWER)),
  bad('all latencies × 1.5', 0.25, good(200, 'hits and misses', SLOWER)),
  bad('all latencies × 1.5', 0.05, good(200, 'heavy tail', SLOWER)),
  bad('all latencies × 1.5', 0.25, good(200, 'heavy tail', SLOWER)),
  bad(
    'all latencies × 1.5, rough weather',
    0.25,
    good(200, 'one hump', { ...SLOWER, weather: rough }),
    ROUGH_LIMITS,
  ),
  bad('all latencies × 1.5, instances stop', 0.25, good(200, 'one hump', { ...SLOWER, stops: STOPS })),
  bad('all latencies × 1.5', 0.05, good(200, 'wide hump', SLOWER)),
  bad('one latency in 30 × 10', 0.05, good(200, 'one hump', SLOW_TAIL)),
];
