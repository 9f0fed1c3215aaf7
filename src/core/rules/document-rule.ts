import type { Filter } from '../model/filter.ts';
import type { Match } from '../model/match.ts';
import type { DocumentOrigin } from '../model/origin.ts';
import type { Problem } from '../model/quarantine.ts';
import type { RuleSettings } from '../model/traffic.ts';

/**
 * One rule of a route document for one host and one of its matches: what it says, before the catalog is asked who can
 * serve it. Timeouts, retries and session persistence are settings, as those of tags.
 */
export interface DocumentRule extends RuleSettings {
  readonly origin: DocumentOrigin;
  readonly match: Match;
  readonly filters?: readonly Filter[];
  /** May be empty: then a filter answers, or the request is refused with `no_backend`. */
  readonly backends: readonly DocumentBackend[];
}

/** A service to which a rule sends its part of the requests (Gateway API, HTTPBackendRef). */
export interface DocumentBackend {
  readonly service: string;
  /** Narrows it to this version, whatever the weights of the service's versions are. */
  readonly version?: string;
  /** Read as a share of the sum over the rule's backends; finite and at least 0. */
  readonly weight: number;
  /** For what is sent there, after the rule's own. */
  readonly filters?: readonly Filter[];
}

/**
 * All that route documents say. The same objects as before are taken for the same contents, and are not read again.
 */
export interface Documents {
  readonly rules: readonly DocumentRule[];
  /** Documents that are not in force. */
  readonly problems: readonly Problem[];
}

export const NO_DOCUMENTS: Documents = { rules: [], problems: [] };
