import type { Explanation } from '../core/decide/explain.ts';
import type { Snapshot, SourceState } from '../core/model/snapshot.ts';
import type { AllWeights, Weights } from '../core/model/split.ts';
import type { Act, Change, LedgerEntry } from '../core/model/weights.ts';
import type { RequestFacts } from '../core/request-facts.ts';
import type { CanaryAnswer } from './canaries-api.ts';

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
  /** Decides about a request as the data path does, and tells why. */
  readonly explain: (snapshot: Snapshot, facts: RequestFacts) => Explanation;
  /** Instances that are ejected, by id, and when their trial may begin (epoch milliseconds). */
  readonly ejected: () => Promise<ReadonlyMap<string, number>>;
  readonly consul: () => SourceState;
  /** Lets go of what is held: the instances of one service, or all instances and route documents. @returns how many */
  readonly release: (service?: string) => { readonly instances: number; readonly documents: number };
  /** Undefined where this process serves alone. */
  readonly workers: () => Promise<readonly WorkerReading[]> | undefined;
  /** `/metrics`, piece by piece. */
  readonly metrics: () => Promise<AsyncIterable<string>>;
  readonly weights: AdminWeights;
  readonly canaries: AdminCanaries;
  /** The last known good state on disk; undefined where none is kept. Times in epoch milliseconds. */
  readonly state: () =>
    | { readonly file: string; readonly at?: number; readonly problem?: string }
    | undefined;
  readonly config: () => ConfigReading;
}

/** Which settings are in force. */
export interface ConfigReading {
  /** From 1 at the start. */
  readonly revision: number;
  /** Epoch milliseconds. */
  readonly loadedAt: number;
  /** Why the last reading was refused; empty where it was not. */
  readonly problems: readonly string[];
  /** What is said otherwise, until a restart. */
  readonly waiting: readonly { readonly setting: string }[];
}

/** Rollouts. All reject with CanaryError, `start` with ConfigError for a body that is no plan. */
export interface AdminCanaries {
  list(): Promise<readonly CanaryAnswer[]>;
  get(service: string): Promise<CanaryAnswer | undefined>;
  /** @param body of the request; it may say who asks, and why */
  start(service: string, body: unknown): Promise<CanaryAnswer>;
  /** @param name as the path has it @param by as the body has it */
  command(service: string, name: string, by: { actor: string; reason?: string }): Promise<CanaryAnswer>;
}

/** One process that serves. */
export interface WorkerReading {
  /** Its place, from 1. */
  readonly worker: number;
  readonly pid: number;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly state: 'starting' | 'serving' | 'draining';
  readonly connections: number;
  readonly requests: number;
  readonly requestsInFlight: number;
}

/** The part of the weight store that the API offers. Changes and history are refused with a WeightsError. */
export interface AdminWeights {
  status(): SourceState;
  current(): AllWeights;
  /** @returns how to unsubscribe */
  onChange(listener: () => void): () => void;
  set(service: string, weights: Weights, change: Change): Promise<LedgerEntry>;
  clear(service: string, change: Change): Promise<LedgerEntry>;
  freeze(service: string, act: Act): Promise<LedgerEntry>;
  unfreeze(service: string, act: Act): Promise<LedgerEntry>;
  /** The newest first. */
  history(service: string, count: number): Promise<readonly LedgerEntry[]>;
}
