import type { Target } from '../model/rule.ts';
import type { BalanceName } from '../model/traffic.ts';
import type { Candidates } from './candidates.ts';
import type { Fleet } from './fleet.ts';
import type { InstanceState } from './instance-state.ts';

/** How one of several targets is picked for a request. */
export interface Preference {
  /** The fleet's own where it is left out. */
  readonly balance?: BalanceName | undefined;
  /** The hash of what the request is known by; without one, `hash` falls back to `peak-ewma`. */
  readonly key?: number | undefined;
}

/**
 * Picks among the instances that are in; all are where too many are out. Every strategy heeds Consul's weights.
 *
 * @param now monotonic milliseconds
 * @param chance draws from [0, 1); called twice at most
 * @returns undefined only where there are no targets
 */
export const pickTarget = (
  fleet: Fleet,
  targets: readonly Target[],
  { balance = fleet.settings.balance, key }: Preference,
  now: number,
  chance: () => number,
): Target | undefined => {
  if (targets.length <= 1) return targets[0];
  const candidates = fleet.candidates(targets, now);
  const name = balance === 'hash' && key === undefined ? 'peak-ewma' : balance;
  return targets[STRATEGIES[name](candidates, candidates.areAllIn(now), key ?? 0, now, chance)];
};

/** @returns the index of one that is in; `all` says that every one is */
type Strategy = (
  candidates: Candidates,
  all: boolean,
  key: number,
  now: number,
  chance: () => number,
) => number;

const leastRequest: Strategy = (candidates, all, _key, now, chance) =>
  betterOfTwo(candidates, all, now, chance, pendingCost, 1);

const peakEwma: Strategy = (candidates, all, _key, now, chance) =>
  betterOfTwo(candidates, all, now, chance, latencyCost, CLEARLY);

/** Each adds up its weight, and the one with the most pays for all: nginx's smooth weighted round robin. */
const roundRobin: Strategy = (candidates, all, _key, now) => {
  let total = 0;
  let best = -1;
  for (let i = 0; i < candidates.size; i++) {
    const state = candidates.states[i] as InstanceState;
    if (!all && !state.health.isIn(now)) continue;
    const weight = candidates.presentWeight(i, now);
    total += weight;
    state.turn += weight;
    if (best < 0 || state.turn > (candidates.states[best] as InstanceState).turn) best = i;
  }
  const winner = candidates.states[best];
  if (winner !== undefined) winner.turn -= total;
  return best;
};

/** A slow start would move callers twice, so newcomers have their whole share at once. */
const hash: Strategy = (candidates, all, key, now) => {
  let best = -1;
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < candidates.size; i++) {
    const state = candidates.states[i] as InstanceState;
    if (!all && !state.health.isIn(now)) continue;
    const score = state.score(key, candidates.weight(i));
    if (score > highest) {
      highest = score;
      best = i;
    }
  }
  return best;
};

const STRATEGIES: Readonly<Record<BalanceName, Strategy>> = {
  'peak-ewma': peakEwma,
  'round-robin': roundRobin,
  'least-request': leastRequest,
  hash,
};

export const BALANCE_NAMES = Object.keys(STRATEGIES) as readonly BalanceName[];

/** @param weight 1 on average */
type Cost = (state: InstanceState, weight: number, now: number) => number;

const pendingCost: Cost = ({ pending }, weight) => pending / weight;

/** Any latency that was measured is less. */
const UNMEASURED = 1e9;

/**
 * The time that a request would take: the latency, times what is in front of it. An instance that nobody has
 * measured gets one request at once, and no second before the first is answered (as Finagle has it).
 */
const latencyCost: Cost = ({ latency, pending }, weight, now) => {
  const estimate = latency.estimate(now);
  if (estimate === 0 && pending > 0) return UNMEASURED * (1 + pending / weight);
  return estimate * (1 + pending / weight);
};

/** Latencies that differ by less are noise; followed, it would outvote the weights. */
const CLEARLY = 0.8;

/**
 * Two drawn by weight; the second has it where it costs less (Mitzenmacher, "The Power of Two Choices in Randomized
 * Load Balancing", 2001). Idle, that leaves each its weight's share; busy, it evens out the load per weight.
 */
const betterOfTwo = (
  candidates: Candidates,
  all: boolean,
  now: number,
  chance: () => number,
  cost: Cost,
  below: number,
): number => {
  const isEven = all && candidates.areEven(now);
  const a = isEven ? Math.floor(chance() * candidates.size) : draw(candidates, all, -1, now, chance());
  const b = isEven ? drawOther(candidates.size, a, chance()) : draw(candidates, all, a, now, chance());
  if (b < 0) return a;
  const costOfA = cost(candidates.states[a] as InstanceState, candidates.presentWeight(a, now), now);
  const costOfB = cost(candidates.states[b] as InstanceState, candidates.presentWeight(b, now), now);
  return costOfB < costOfA * below ? b : a;
};

const drawOther = (size: number, first: number, roll: number): number => {
  const index = Math.floor(roll * (size - 1));
  return index < first ? index : index + 1;
};

/** @returns -1 where there is nobody besides `except` */
const draw = (candidates: Candidates, all: boolean, except: number, now: number, roll: number): number => {
  let left = 0;
  for (let i = 0; i < candidates.size; i++) {
    if (mayBeDrawn(candidates, i, all, except, now)) left += candidates.presentWeight(i, now);
  }
  left *= roll;
  let last = -1;
  for (let i = 0; i < candidates.size; i++) {
    if (!mayBeDrawn(candidates, i, all, except, now)) continue;
    left -= candidates.presentWeight(i, now);
    if (left < 0) return i;
    last = i;
  }
  return last;
};

const mayBeDrawn = (c: Candidates, index: number, all: boolean, except: number, now: number): boolean =>
  index !== except && (all || (c.states[index] as InstanceState).health.isIn(now));
