import type { Filter, PathChange } from './filter.ts';
import type { Instance } from './instance.ts';
import type { Match } from './match.ts';
import type { Origin } from './origin.ts';
import type { Speech } from './speech.ts';
import type { Split } from './split.ts';
import type { RuleSettings } from './traffic.ts';

/** An instance as one rule uses it: tags that say what is sent upstream follow the instance. */
export interface Target {
  readonly instance: Instance;
  readonly version: string;
  /** What its path becomes (`full`, `segments` or `text`), after the filters of the rule. */
  readonly path?: PathChange;
  /** The `Host` that it is to see: a name, with its port where it is not the usual one. */
  readonly host?: string;
  /** HTTP/1.1 in the clear where it is left out. */
  readonly speech?: Speech;
  /** Among the instances of its version, in place of Consul's weight. */
  readonly weight?: number;
}

/** One version behind a rule, with its live targets (never empty) and its share. */
export interface Arm {
  readonly version: string;
  readonly share: number;
  readonly targets: readonly Target[];
}

/** A service that serves a part of a rule's requests. */
export interface Backend {
  readonly service: string;
  /** Set where a document narrows it to one version. */
  readonly version?: string;
  /** Of the rule's requests, in [0, 1], whether or not anybody serves it; 0 for all where the weights sum to 0. */
  readonly share: number;
  /** There is no such service in the catalog: its part is refused with `no_backend`. */
  readonly isUnknown?: true;
  readonly split: Split;
  /** Versions with at least one live instance that carries the rule, whatever their share. */
  readonly arms: readonly Arm[];
  /** For what is sent there, after the rule's own. */
  readonly filters?: readonly Filter[];
  /** Whom the `mirror` filters copy to, in their order. */
  readonly mirrors?: readonly Backend[];
}

/** One match with what to do. */
export interface Rule extends RuleSettings {
  /** The match, readable and stable: `/orders/*`, `shop.example.com/orders`. Used as `sluice.route` and in metrics. */
  readonly id: string;
  readonly match: Match;
  readonly origin: Origin;
  /** Those of tags have just one. */
  readonly backends: readonly Backend[];
  readonly filters?: readonly Filter[];
  /** Whom the `auth` filter asks. */
  readonly auth?: Backend;
  /** Whom the `mirror` filters copy to, in their order. */
  readonly mirrors?: readonly Backend[];
}
