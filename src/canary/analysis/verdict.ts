/** What a rollout promises to keep to. */
export interface Limits {
  /** Of the canary's requests, the share that may fail: above 0, below 1. */
  readonly maxErrorRate: number;
  /** How many times as long as the stable version's the canary's latencies may be: 1 or more. */
  readonly maxP99Ratio: number;
  /** Of the canary, in each step: with fewer a step is not passed. Never delays a breach. */
  readonly minRequests: number;
  /** How many steps the rollout has: the chance of a false alarm is shared among them. 1 or more. */
  readonly steps: number;
}

export type TestName = 'limit' | 'errors' | 'latency';

/** What one test says, over the whole rollout so far. */
export interface Finding {
  readonly test: TestName;
  /** At most so likely is evidence like this, at any look of the whole rollout, where the canary is well. */
  readonly chance: number;
  /** Proven: `chance` is within what a rollout may be wrong by. */
  readonly isBreach: boolean;
  /** With figures, for people: `errors 2.5 % against 0.5 % of v1's …`. */
  readonly text: string;
}

/**
 * - `breach`: the canary is proven worse than it may be. Roll back.
 * - `sound`: enough was seen, nothing speaks against the canary, and its figures are within the limits. May go on.
 * - `inconclusive`: neither; wait.
 */
export type Outcome = 'breach' | 'sound' | 'inconclusive';

export interface Verdict {
  readonly outcome: Outcome;
  /** Why, in one line with figures. */
  readonly text: string;
  /** Of each test that had anything to compare. */
  readonly findings: readonly Finding[];
}
