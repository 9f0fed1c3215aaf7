import type { SourceState } from '../core/model/snapshot.ts';
import type { AllWeights, ServiceWeights, Weights } from '../core/model/split.ts';
import type { Act, Change, LedgerEntry } from '../core/model/weights.ts';

/**
 * Where the weights are: in Redis, or in memory for `sluice dev` and `--redis off`. Gateway, command line and
 * sidecar know this interface only, and one suite of tests holds every implementation to it.
 */
export interface WeightStore {
  /**
   * Says which services `current` is about, replacing the former set. Resolves when each of them was read
   * once, or the store is known to be away, or the deadline (milliseconds, default 2 s) has passed; it never
   * rejects.
   */
  follow(services: readonly string[], deadlineMs?: number): Promise<void>;

  /** Called with `current()` after each change of it, from now on. @returns how to unsubscribe */
  onChange(listener: (all: AllWeights) => void): () => void;

  /** What is in force for each followed service that was read; another object after each change. */
  current(): AllWeights;

  /**
   * Resolves at the first contact with the store or, where it was opened with last known weights, when it is
   * found away; stays pending otherwise.
   */
  readonly ready: Promise<void>;

  status(): SourceState;

  /** Reads one service now, followed or not. @throws WeightsError */
  get(service: string): Promise<ServiceWeights>;

  /** Replaces all weights of a service; versions not named get none. @throws WeightsError */
  set(service: string, weights: Weights, change: Change): Promise<LedgerEntry>;

  /** Back to the default split. Also ends the hold after a wipe. @throws WeightsError */
  clear(service: string, change: Change): Promise<LedgerEntry>;

  /**
   * Keeps the weights as they are: changes are refused with `frozen`, one by hand is put back, and weights that were
   * set for a time stay. @throws WeightsError
   */
  freeze(service: string, act: Act): Promise<LedgerEntry>;

  /** @throws WeightsError `refused` where they are not frozen */
  unfreeze(service: string, act: Act): Promise<LedgerEntry>;

  /** The newest first. @param count 1 to 1,000 @throws WeightsError */
  history(service: string, count: number): Promise<readonly LedgerEntry[]>;

  /** Bounded; listeners hear nothing after it. */
  close(): Promise<void>;
}
