import type { AllWeights, Snapshot, Weights } from '../core/model.ts';
import type { LedgerEntryAnswer } from './api.ts';

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
}

/** How an outside source stands. */
export interface SourceState {
  readonly state: 'up' | 'down';
  /** Epoch milliseconds. */
  readonly since: number;
  readonly detail?: string;
}

/** The part of the weight store that the API offers. */
export interface AdminWeights {
  status(): SourceState;
  current(): AllWeights;
  /** @returns how to unsubscribe */
  onChange(listener: () => void): () => void;
  set(service: string, weights: Weights, change: Change): Promise<Entry>;
  clear(service: string, change: Change): Promise<Entry>;
  /** The newest first. */
  history(service: string, count: number): Promise<readonly Entry[]>;
}

export interface Change {
  readonly actor: string;
  readonly reason?: string;
  readonly source: 'api';
}

/** A ledger entry as the store has it: `at` in epoch milliseconds. */
export type Entry = Omit<LedgerEntryAnswer, 'at'> & { readonly at: number };
