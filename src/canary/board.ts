import type { Fence } from '../core/model/weights.ts';
import type { Copied } from '../core/rules/copies.ts';
import type { Samples } from './figures.ts';
import { copiesOf, isOver, type Rollout } from './rollout.ts';

/** A rollout with the revision under which it is kept. */
export interface Kept {
  readonly rollout: Rollout;
  readonly revision: number;
}

/** What every gateway does for a rollout that runs. */
export interface Running {
  /** What it counts under. */
  readonly id: string;
  /** All that is left is to tell its webhook: there is nothing to count. */
  readonly isOver?: true;
  readonly copies?: Copied;
}

/** Undefined for one that is over, and whose webhook knows. */
export const runningOf = (rollout: Rollout): Running | undefined => {
  const { id, owed } = rollout;
  if (isOver(rollout)) return owed === undefined ? undefined : { id, isOver: true };
  const copies = copiesOf(rollout);
  return { id, ...(copies === undefined ? {} : { copies }) };
};

export interface Beat {
  /** Epoch milliseconds, by the clock that all gateways share. */
  readonly now: number;
  /** By service. */
  readonly running: ReadonlyMap<string, Running>;
}

/**
 * What gateways and commands know of rollouts in common: in Redis, or in memory where a gateway is alone.
 * All but `close` reject with CanaryError while it is away.
 */
export interface Board {
  /**
   * Tells what this gateway has counted, and hears what runs.
   *
   * @param figures by id of the rollout, totals since this gateway began to count for it
   */
  beat(figures: ReadonlyMap<string, Samples>): Promise<Beat>;
  /** The newest rollout of each service. */
  list(): Promise<readonly Kept[]>;
  read(service: string): Promise<Kept | undefined>;
  /**
   * Keeps it in place of that revision (0: of none).
   *
   * @param fence of whoever leads; a command has none
   * @returns `conflict` where another revision is kept, `fenced` where another leads by now
   */
  keep(rollout: Rollout, revision: number, fence?: number): Promise<'kept' | 'conflict' | 'fenced'>;
  /** What all gateways have counted together. */
  figures(id: string): Promise<Samples>;
  /** Takes or renews the lead. @returns the fencing token, or undefined where another leads */
  lead(): Promise<number | undefined>;
  /** What writes of the weights are to check. */
  fence(token: number): Fence;
  /** Gives it up, if it is ours. */
  resign(): Promise<void>;
  close(): Promise<void>;
}
