import type { Filter, PathChange } from '../model/filter.ts';
import type { Instance } from '../model/instance.ts';
import type { Match } from '../model/match.ts';
import type { Protocol } from '../model/speech.ts';
import type { RuleSettings } from '../model/traffic.ts';

/** What of an instance a dialect may read. */
export type TagSource = Pick<Instance, 'tags' | 'service' | 'address' | 'port'>;

/** What is read the same way for every instance. */
export interface TagOptions {
  /** What stands before each key of Sluice's own tags, e.g. `sluice.`. */
  readonly tagPrefix: string;
  /** Whose tags are read; Sluice's own alone where it is left out. */
  readonly dialects?: readonly DialectName[];
  /** The middleware of a name that an instance of any service defines (Traefik); nobody does where it is left out. */
  readonly definitionOf?: (middleware: string) => Definition | undefined;
}

/** The tags that say what is meant by a name; `disputed` where two services say different things. */
export type Definition = readonly string[] | 'disputed';

export const DIALECT_NAMES = ['sluice', 'fabio', 'traefik'] as const;

export type DialectName = (typeof DIALECT_NAMES)[number];

/** One rule that an instance asks for. */
export interface TagRule {
  readonly match: Match;
  /** In place of what the instance says for all of its rules. */
  readonly settings?: RuleSettings;
  readonly filters?: readonly Filter[];
  /** Follows this instance wherever it is picked. */
  readonly use?: InstanceUse;
  /**
   * What it asks for cannot be honoured, a protection perhaps. It serves nobody and keeps its match: dropped, it would
   * leave its requests to a wider rule that lacks the protection, too.
   */
  readonly isClosed?: true;
  /** Several services may ask for it, and all of their instances serve it (Fabio). */
  readonly isShared?: true;
  /** Of the traffic of a shared rule, for this one instance: above 0 (tags/fabio/shares). */
  readonly fraction?: number;
}

/** How an instance is to be called for a rule. */
export interface InstanceUse {
  readonly path?: PathChange;
  readonly host?: string;
  /** In place of what the instance says for all of its rules. */
  readonly protocol?: Protocol;
  /** What its certificate names; likewise. */
  readonly serverName?: string;
  /** In place of the registered one. */
  readonly port?: number;
  /** Among the instances of its version. */
  readonly weight?: number;
}

/** How an instance protects itself, for all of its rules, whichever dialect asks for them. */
export interface Guard {
  readonly filters: readonly Filter[];
  /** It cannot be read. */
  readonly isClosed: boolean;
}

/** What the tags of one instance say, in one dialect or in all of them. */
export interface TagsSaid {
  readonly version?: string;
  /** Of the version. */
  readonly weight?: number;
  /** How the instance is spoken to, whichever rule leads to it. */
  readonly protocol?: Protocol;
  /** What its certificate names. */
  readonly serverName?: string;
  readonly settings: RuleSettings;
  readonly guard?: Guard;
  /** Of two with one match the first holds. Empty where the instance is in the catalog but not exposed. */
  readonly rules: readonly TagRule[];
  readonly problems: readonly TagProblem[];
}

/** Why a tag does not hold. */
export interface TagFault {
  readonly reason: string;
  /** Whether the instance must not be served at all because of it. */
  readonly fatal: boolean;
}

export interface TagProblem extends TagFault {
  readonly tag: string;
  /** It may as well be somebody else's tag. */
  readonly isGuess?: true;
}

/**
 * Reads the tags that are of its kind, and passes over all others. Never throws, whatever the tags are, and a tag that
 * it does not understand never makes a rule reach further.
 */
export type Dialect = (source: TagSource, options: TagOptions) => TagsSaid;
