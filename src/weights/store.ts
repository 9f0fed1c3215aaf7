import type { AllWeights, ServiceWeights, Weights } from '../core/model.ts';
import type { LedgerEntry, Source } from './ledger.ts';

/** Why a change is made, for the ledger. */
export interface Change {
  /** Who, at most 100 characters. */
  readonly actor: string;
  /** At most 500 characters. */
  readonly reason?: string;
  readonly source: Exclude<Source, 'hand'>;
}

/** How a store stands. */
export interface StoreStatus {
  readonly state: 'up' | 'down';
  /** Epoch milliseconds. */
  readonly since: number;
  /** Why it is down, in one line without secrets. */
  readonly detail?: string;
}

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

  /** Resolves at the first contact with the store; stays pending while there was none. */
  readonly ready: Promise<void>;

  status(): StoreStatus;

  /** Reads one service now, followed or not. @throws WeightsError */
  get(service: string): Promise<ServiceWeights>;

  /** Replaces all weights of a service; versions not named get none. @throws WeightsError */
  set(service: string, weights: Weights, change: Change): Promise<LedgerEntry>;

  /** Back to the default split. Also ends the hold after a wipe. @throws WeightsError */
  clear(service: string, change: Change): Promise<LedgerEntry>;

  /** The newest first. @param count 1 to 1,000 @throws WeightsError */
  history(service: string, count: number): Promise<readonly LedgerEntry[]>;

  /** Bounded; listeners hear nothing after it. */
  close(): Promise<void>;
}

/**
 * What went wrong with a command of a store: `refused` for input that can't be right, however often it is
 * tried; `unavailable` where the store is away or would not do it now.
 */
export class WeightsError extends Error {
  readonly code: 'refused' | 'unavailable';

  /** @param message ends with a hint for the operator */
  constructor(code: WeightsError['code'], message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'WeightsError';
    this.code = code;
  }
}
