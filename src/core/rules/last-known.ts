import type { Catalog } from '../model/instance.ts';
import type { AllWeights } from '../model/split.ts';
import type { Since } from './quarantine.ts';

/** What a process before this one last had in force, and what this one goes by until the live state is there. */
export interface LastKnown {
  readonly catalog: Catalog;
  readonly weights: AllWeights;
  /** Rule id -> the service that held this match. */
  readonly owners: ReadonlyMap<string, string>;
  /** Since when problems last. */
  readonly since: Since;
  /** When it was last known to be live, in epoch milliseconds; never in the future. */
  readonly at: number;
}

/** A text with route documents, as it was when all of them were good. */
export interface DocumentText {
  /** The path of a file, or `consul:` and a key. */
  readonly name: string;
  readonly text: string;
  /** Of a key in Consul: the lower, the older. */
  readonly createIndex?: number;
}
