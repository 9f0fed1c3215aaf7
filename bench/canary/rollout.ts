import { advance, beginAnalysis, beginStep } from '../../src/canary/analysis/analysis.ts';
import type { Pair } from '../../src/canary/analysis/sample.ts';
import type { Limits } from '../../src/canary/analysis/verdict.ts';
import { FixedThresholds } from './fixed-thresholds.ts';
import type { Traffic } from './traffic.ts';

/** Shares of the canary, and how many seconds each lasts at least. */
const STEPS = [0.01, 0.05, 0.25, 0.5, 1];
const EVERY = 60;

/** Seconds between two looks. */
const LOOK = 1;

/** Nobody waits longer, seconds. */
const PATIENCE = 6 * 3600;

export interface Plan {
  readonly limits: Limits;
  /** Seconds: what Flagger is told that a p99 may be. */
  readonly slowest: number;
}

export interface Ending {
  readonly end: 'done' | 'rolled back' | 'held';
  readonly seconds: number;
  /** Failed checks of Flagger's way, on the same requests. */
  readonly failedChecks: number;
}

/** A whole rollout, step by step, until it is done or a breach ends it. */
export const rollOut = (traffic: Traffic, { limits, slowest }: Plan): Ending => {
  const fixed = new FixedThresholds(limits.maxErrorRate, slowest);
  const ending = (end: Ending['end']): Ending => ({
    end,
    seconds: traffic.now(),
    failedChecks: fixed.failed,
  });
  let state = beginAnalysis(limits);
  for (const [index, share] of STEPS.entries()) {
    if (index > 0) state = beginStep(state);
    const begun = traffic.now();
    for (let isPassed = false; !isPassed; ) {
      if (traffic.now() > PATIENCE) return ending('held');
      const looked = advance(state, watch(traffic, traffic.rate * LOOK, share, fixed));
      if (looked.verdict.outcome === 'breach') return ending('rolled back');
      isPassed = looked.verdict.outcome === 'sound' && traffic.now() - begun >= EVERY;
      state = looked.state;
    }
  }
  return ending('done');
};

export interface Catch {
  /** How many requests of the canary it took, undefined where more than were allowed. */
  readonly requests: number | undefined;
  /** Failed checks of Flagger's way, which has as many requests or five intervals, whichever takes longer. */
  readonly failedChecks: number;
}

/** Seconds that Flagger's way is given in any case. */
const FIVE_INTERVALS = 300;

/** One step with a canary that is bad from its first request. */
export const catchCanary = (traffic: Traffic, share: number, most: number, plan: Plan): Catch => {
  const fixed = new FixedThresholds(plan.limits.maxErrorRate, plan.slowest);
  let state = beginAnalysis(plan.limits);
  let caughtAt: number | undefined;
  for (let requests = 0; requests < most || traffic.now() < FIVE_INTERVALS + LOOK; ) {
    // The last look falls to when all that are allowed were seen.
    const left = requests < most ? Math.round((most - requests) / share) : Number.POSITIVE_INFINITY;
    const pair = watch(traffic, Math.min(traffic.rate * LOOK, left), share, fixed);
    requests += pair.canary.requests;
    if (caughtAt !== undefined || requests > most) continue;
    const looked = advance(state, pair);
    if (looked.verdict.outcome === 'breach') caughtAt = requests;
    state = looked.state;
  }
  return { requests: caughtAt, failedChecks: fixed.failed };
};

const watch = (traffic: Traffic, requests: number, share: number, fixed: FixedThresholds): Pair => {
  const pair = traffic.next(requests, share);
  fixed.add(pair.canary, traffic.now());
  return pair;
};
