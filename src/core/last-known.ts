import type { AllWeights, Catalog } from './model.ts';

/** What a process before this one last had in force, and what this one goes by until the live state is there. */
export interface LastKnown {
  readonly catalog: Catalog;
  readonly weights: AllWeights;
  /** Rule id -> the service that held this match. */
  readonly owners: ReadonlyMap<string, string>;
  /** When it was last known to be live, in epoch milliseconds; never in the future. */
  readonly at: number;
}
