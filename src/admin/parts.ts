import type { AllWeights, Snapshot, Weights } from '../core/model.ts';
import type { LedgerEntryAnswer, SourceAnswer } from './api.ts';

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
  readonly consul: () => SourceAnswer;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly weights: AdminWeights;
}

export interface AdminWeights {
  readonly status: () => SourceAnswer;
  readonly all: () => AllWeights;
  /** Grows with every change of weights; at least 1. */
  readonly index: () => number;
  /** @returns how to unsubscribe */
  readonly onChange: (listener: () => void) => () => void;
  readonly set: (service: string, weights: Weights, change: Change) => Promise<LedgerEntryAnswer>;
  readonly clear: (service: string, change: Change) => Promise<LedgerEntryAnswer>;
  /** The newest first. */
  readonly history: (service: string, count: number) => Promise<readonly LedgerEntryAnswer[]>;
  /** Turns a refusal of the store into the sentence for the caller; undefined where it is no refusal. */
  readonly refusal: (error: unknown) => string | undefined;
}

export interface Change {
  readonly actor: string;
  readonly reason?: string;
}
