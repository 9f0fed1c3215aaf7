import { addLogs, stakeOf } from './capital.ts';
import { judge } from './judge.ts';
import { addPairs, NOTHING, type Pair } from './sample.ts';
import type { Analysis } from './state.ts';
import { TESTS } from './tests.ts';
import type { Limits, TestName, Verdict } from './verdict.ts';

/** So many requests of the canary are a part of a step, after which fresh stakes go in. */
const REQUESTS_OF_PART = 500;

/** So many requests of both together are compared at once: fewer rank badly, and a tail of 1 % is none of them. */
const LEAST_BLOCK = 100;

const NO_PAIR: Pair = { canary: NOTHING, stable: NOTHING };

/** At the start of a rollout, with which its first step begins. */
export const beginAnalysis = (limits: Limits): Analysis => {
  const stake = Math.log(stakeOf(limits.steps, 1));
  return {
    limits,
    step: 1,
    part: 1,
    inPart: 0,
    seen: NO_PAIR,
    pending: NO_PAIR,
    capitals: perTest(name => TESTS[name].shares.map(share => stake + Math.log(share))),
  };
};

/**
 * To be called when the next step is in force, before its first figures: shares of traffic must not change within what
 * is compared. A pause begins no step. Evidence stays; more steps than were told share what is left of the last one's
 * stake.
 */
export const beginStep = (before: Analysis): Analysis => {
  const settled = { ...settle(before), seen: NO_PAIR, pending: NO_PAIR };
  return settled.step < settled.limits.steps
    ? beginPart({ ...settled, step: settled.step + 1, part: 0 })
    : beginPart(settled);
};

/**
 * To be called about once a second with what both versions answered since the last call. However often one looks, the
 * promise of `FALSE_ALARMS` holds; where the looks fall moves a verdict only by what blocks they make (limits of
 * errors: not at all).
 */
export const advance = (
  before: Analysis,
  increment: Pair,
): { readonly state: Analysis; readonly verdict: Verdict } => {
  const counted = play(before, increment, ['limit']);
  const grown = {
    ...counted,
    inPart: before.inPart + increment.canary.requests,
    seen: addPairs(before.seen, increment),
    pending: addPairs(before.pending, increment),
  };
  const state = sizeOf(grown.pending) < LEAST_BLOCK ? grown : settle(grown);
  const next = state.inPart < REQUESTS_OF_PART ? state : beginPart(state);
  return { state: next, verdict: judge(state) };
};

/** Compares what is pending, if there is anything of both versions. */
const settle = (before: Analysis): Analysis => {
  const { canary, stable } = before.pending;
  if (canary.requests === 0 || stable.requests === 0) return before;
  return { ...play(before, before.pending, ['errors', 'latency']), pending: NO_PAIR };
};

const play = (before: Analysis, pair: Pair, names: readonly TestName[]): Analysis => {
  const played = names.map(name => {
    const growths = TESTS[name].grow(pair, before.limits);
    return [name, before.capitals[name].map((capital, bet) => capital + (growths[bet] ?? 0))];
  });
  return { ...before, capitals: { ...before.capitals, ...Object.fromEntries(played) } };
};

const beginPart = (before: Analysis): Analysis => {
  const part = before.part + 1;
  const stake = Math.log(stakeOf(before.limits.steps, part));
  const capitals = perTest(name =>
    before.capitals[name].map((capital, bet) =>
      addLogs(capital, stake + Math.log(TESTS[name].shares[bet] ?? 0)),
    ),
  );
  return { ...before, part, inPart: 0, capitals };
};

const sizeOf = ({ canary, stable }: Pair): number => canary.requests + stable.requests;

const perTest = (capitalsOf: (name: TestName) => number[]): Analysis['capitals'] => ({
  limit: capitalsOf('limit'),
  errors: capitalsOf('errors'),
  latency: capitalsOf('latency'),
});
