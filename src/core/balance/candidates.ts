import type { Target } from '../model/rule.ts';
import type { InstanceState } from './instance-state.ts';
import type { Peers } from './peers.ts';

/** More than this part of them out, and all are used: those left could not carry it, and the cause lies elsewhere. */
const PANIC_ABOVE = 0.5;

/**
 * The targets that a request may go to, all of one version, with their states. Made once for each list of targets.
 */
export class Candidates {
  readonly targets: readonly Target[];
  readonly states: readonly InstanceState[];
  readonly peers: Peers;
  readonly #weights: readonly number[];
  readonly #meanWeight: number;
  readonly #isEven: boolean;

  /** @param states of the targets, in their order; at least one */
  constructor(targets: readonly Target[], states: readonly InstanceState[]) {
    this.targets = targets;
    this.states = states;
    this.peers = (states[0] as InstanceState).peers;
    const weights = targets.map(({ instance, weight = instance.weight }) => weight);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    // Consul takes a weight of 0; where all have it, none is meant to be without traffic more than another.
    this.#weights = total > 0 ? weights : weights.map(() => 1);
    this.#meanWeight = total > 0 ? total / weights.length : 1;
    this.#isEven = this.#weights.every(weight => weight === this.#weights[0]);
  }

  get size(): number {
    return this.states.length;
  }

  /** Whether every one may be picked: none is out, or too many are. */
  areAllIn(now: number): boolean {
    if (this.peers.areAllIn(now)) return true;
    let out = 0;
    for (const { health } of this.states) if (!health.isIn(now)) out += 1;
    return out === 0 || out > this.size * PANIC_ABOVE;
  }

  /** Whether all have the same share now. */
  areEven(now: number): boolean {
    return this.#isEven && now >= this.peers.warmAt;
  }

  /** What the rule says, or Consul; 1 on average. */
  weight(index: number): number {
    return (this.#weights[index] as number) / this.#meanWeight;
  }

  /** As `weight`, but less while the instance is new. */
  presentWeight(index: number, now: number): number {
    const weight = this.weight(index);
    return now >= this.peers.warmAt ? weight : weight * (this.states[index] as InstanceState).warmth(now);
  }
}
