import type { Instance } from './instance.ts';
import type { Quarantined } from './quarantine.ts';
import type { Rule } from './rule.ts';
import type { ServiceWeights, Split } from './split.ts';

/** A service as the admin API shows it. */
export interface ServiceState {
  readonly name: string;
  readonly instances: readonly Instance[];
  readonly split: Split;
  readonly weights?: ServiceWeights;
}

/** Route table, splits and live instances at one moment. A request reads exactly one. */
export interface Snapshot {
  readonly revision: number;
  readonly rules: readonly Rule[];
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly quarantine: readonly Quarantined[];
}

/** How we stand with an outside source: Consul, or the store of the weights. */
export interface SourceState {
  readonly state: 'up' | 'down';
  /** Epoch milliseconds. */
  readonly since: number;
  /** Why it is down, in one line without secrets. */
  readonly detail?: string;
  /**
   * Set while it was never there since this process began, and what a process before this one knew is in force:
   * when that was last known to be live, in epoch milliseconds.
   */
  readonly lastKnown?: number;
}
