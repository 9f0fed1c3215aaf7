import type { AllWeights, Snapshot, SourceState, Weights } from '../core/model.ts';
import type { Change, LedgerEntry } from '../core/weights.ts';

/** What the admin server needs of the other parts. */
export interface AdminParts {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly now: () => number;
  readonly isReady: () => boolean;
  readonly isDraining: () => boolean;
  /** The snapshot in force and since when (epoch milliseconds). */
  readonly snapshot: () => { readonly snapshot: Snapshot; readonly since: number } | undefined;
  readonly consul: () => SourceState;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly weights: AdminWeights;
  /** The last known good state on disk; undefined where none is kept. Times in epoch milliseconds. */
  readonly state: () =>
    | { readonly file: string; readonly at?: number; readonly problem?: string }
    | undefined;
}

/** The part of the weight store that the API offers. Changes and history are refused with a WeightsError. */
export interface AdminWeights {
  status(): SourceState;
  current(): AllWeights;
  /** @returns how to unsubscribe */
  onChange(listener: () => void): () => void;
  set(service: string, weights: Weights, change: Change): Promise<LedgerEntry>;
  clear(service: string, change: Change): Promise<LedgerEntry>;
  /** The newest first. */
  history(service: string, count: number): Promise<readonly LedgerEntry[]>;
}
