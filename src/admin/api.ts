/**
 * The JSON of `/api/…` and of every `--json`. Changes only by adding fields: other people's scripts read it.
 */

import type { Filter } from '../core/model/filter.ts';
import type { Health } from '../core/model/instance.ts';
import type { Match } from '../core/model/match.ts';
import type { Problem } from '../core/model/quarantine.ts';
import type { SplitSource } from '../core/model/split.ts';
import type { BalanceName, HashKey, SessionRule, Sticky } from '../core/model/traffic.ts';
import type { SessionState } from '../core/route/route-session.ts';

/** `GET /api/status` */
export interface StatusAnswer {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly ready: boolean;
  readonly draining: boolean;
  /** Absent before the first snapshot. */
  readonly snapshot?: {
    readonly revision: number;
    readonly ageSeconds: number;
    readonly routes: number;
    readonly services: number;
    readonly instances: number;
    /** Errors alone. */
    readonly quarantined: number;
  };
  readonly consul: SourceAnswer;
  readonly weights: SourceAnswer;
  /** With `--workers`: each process that serves, also one that starts or drains. */
  readonly workers?: readonly WorkerAnswer[];
  /** The settings in force. */
  readonly config: {
    /** From 1 at the start; one more each time that they were read again (SIGHUP). */
    readonly revision: number;
    /** ISO 8601. */
    readonly loadedAt: string;
    /** Why the last reading was refused, a line each; absent where it was not. */
    readonly problems?: readonly string[];
    /** Settings that are said otherwise and wait for a restart; absent where none do. */
    readonly needRestart?: readonly string[];
  };
  /** The last known good state on disk; absent where none is kept. */
  readonly state?: {
    readonly file: string;
    /** When what is on disk was last known to be live, ISO 8601; absent while nothing is there. */
    readonly liveAt?: string;
    readonly ageSeconds?: number;
    /** Why the newest snapshot is not on disk. */
    readonly problem?: string;
  };
}

export interface WorkerAnswer {
  /** Its place, from 1 to `--workers`; a replacement takes the place over. */
  readonly worker: number;
  readonly pid: number;
  /** Start of the process, ISO 8601. */
  readonly since: string;
  readonly state: 'starting' | 'serving' | 'draining';
  readonly connections: number;
  /** Ended since the start of the process. */
  readonly requests: number;
  readonly requestsInFlight: number;
}

/** How the gateway stands with Consul or with the weight store. */
export interface SourceAnswer {
  readonly state: 'up' | 'down';
  /** Since when, ISO 8601. */
  readonly since: string;
  readonly detail?: string;
  /**
   * It was never there since the start, and the state from disk is in force instead: when that was last known to be
   * live, ISO 8601.
   */
  readonly lastKnownAt?: string;
}

/** `GET /api/routes` */
export interface RoutesAnswer {
  readonly revision: number;
  readonly routes: readonly RouteAnswer[];
}

export interface RouteAnswer extends Match {
  /** As in `sluice.route`: `shop.example.com/orders/*`. */
  readonly route: string;
  readonly origin: OriginAnswer;
  /** The services that serve it. None where a filter answers, or where nothing does. */
  readonly backends: readonly BackendAnswer[];
  readonly filters?: readonly Filter[];
  /** What is said of its traffic; the gateway's own settings hold for what is left out. */
  readonly balance?: BalanceName;
  readonly hash?: HashKey;
  readonly sticky?: Sticky;
  readonly session?: SessionRule;
  readonly retries?: number;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Where a rule comes from. */
export interface OriginAnswer {
  readonly from: 'tags' | 'document';
  /** Whose tags. */
  readonly service?: string;
  /** Which document: `namespace/name`. */
  readonly name?: string;
  /** Of the rule in the document, from 0. */
  readonly index?: number;
  /** The rule's own name, where it has one. */
  readonly rule?: string;
  /** File or key, and line. */
  readonly place?: string;
  /** Of the document, ISO 8601. */
  readonly createdAt?: string;
}

export interface BackendAnswer {
  readonly service: string;
  /** The one that a document narrows it to. */
  readonly version?: string;
  /** Of the rule's requests, in [0, 1]. */
  readonly share: number;
  /** There is no such service in the catalog. */
  readonly isUnknown?: true;
  readonly source: SplitSource;
  /** Versions with live instances, also those whose share is 0. */
  readonly versions: readonly VersionAnswer[];
  readonly filters?: readonly Filter[];
}

export interface VersionAnswer {
  readonly version: string;
  /** In [0, 1]. */
  readonly share: number;
  readonly instances: readonly {
    readonly id: string;
    readonly address: string;
    readonly port: number;
    /** Consul no longer lists it; it serves until then (ISO 8601). */
    readonly heldUntil?: string;
    /** It failed too often: others serve until then, unless most of its version are out (ISO 8601). Then it is tried. */
    readonly ejectedUntil?: string;
  }[];
}

/** `GET /api/explain?method=GET&url=http://shop.example.com/orders/1&header=x-beta:+1&address=192.0.2.7` */
export interface ExplainAnswer {
  readonly revision: number;
  readonly request: {
    readonly method: string;
    readonly host: string;
    /** Normalised; without a pinned version in front. */
    readonly path: string;
  };
  /** The rules whose host and path fit, in order of precedence. */
  readonly candidates: readonly CandidateAnswer[];
  /** There are more than are told of. */
  readonly isCut: boolean;
  /** The rule that wins, where one does. */
  readonly rule?: RouteAnswer;
  /** Where the request goes. What is drawn by chance is drawn anew each time. */
  readonly target?: {
    readonly service: string;
    readonly version: string;
    /** How the version was chosen; `only` where there was nothing to choose. */
    readonly reason: 'pin' | 'session' | 'sticky' | 'split' | 'only';
    /** What was drawn, or the hash of a sticky caller, in [0, 1). */
    readonly roll?: number;
    /** The same for the service, where the rule has several. */
    readonly serviceRoll?: number;
    /** The cookie that the caller is given, by which it stays with the version from now on. */
    readonly setCookie?: string;
    /** What the instance is asked for, without query. */
    readonly path: string;
    /** Where the rule keeps sessions: the name of the cookie or header, and what became of the one that was sent. */
    readonly session?: { readonly name: string; readonly state: SessionState };
  };
  /** What the rule answers by itself: a redirect, or a preflight of CORS. Fields as name, value, name, value … */
  readonly answer?: { readonly status: number; readonly fields: readonly string[] };
  /** The gateway's own answer, where the request goes nowhere. */
  readonly refusal?: {
    readonly code: string;
    readonly status: number;
    readonly title: string;
    /** To which it would have gone, where that is known. */
    readonly service?: string;
  };
  /** How its caller stands with the limits of the rule: of several, with the one that leaves least. Asking costs nothing. */
  readonly limit?: {
    /** As its tag would say it: `5/m,by=address`. */
    readonly limit: string;
    /** Requests that would pass now; 0 where this one would not. */
    readonly remaining: number;
    /** Until one would, or else until nothing is owed any more. */
    readonly resetSeconds: number;
    /** `local`: each gateway counts alone. */
    readonly scope: 'shared' | 'local';
  };
  /** Of the rule's services: who may serve it, and why others do not. */
  readonly instances: readonly InstanceExplained[];
}

export interface CandidateAnswer {
  readonly route: string;
  readonly origin: OriginAnswer;
  readonly wins: boolean;
  /** Why it does not win: a condition that does not hold, or the rule before it. */
  readonly why?: string;
}

export interface InstanceExplained {
  readonly service: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** Of those that serve the rule. */
  readonly version?: string;
  /** `chosen`: it is among those that this request may go to. */
  readonly state: 'chosen' | 'live' | 'out';
  /** Why it is out, or what else is to be known. */
  readonly why?: string;
}

/** `GET /api/services` */
export interface ServicesAnswer {
  readonly revision: number;
  readonly services: readonly {
    readonly name: string;
    readonly instances: readonly {
      readonly id: string;
      readonly address: string;
      readonly port: number;
      readonly health: Health;
      readonly tags: readonly string[];
      /** Consul no longer lists it; it serves until then (ISO 8601). */
      readonly heldUntil?: string;
      /** It failed too often: others serve until then, unless most of its version are out (ISO 8601). Then it is tried. */
      readonly ejectedUntil?: string;
    }[];
  }[];
}

/** Answer to `DELETE /api/held` and `DELETE /api/held/SERVICE`. */
export interface ReleaseAnswer {
  /** Instances that were held and are no more. */
  readonly released: number;
  /** Keys of route documents of which the same holds; those of one service are not told apart. */
  readonly documents: number;
}

/** `GET /api/quarantine` */
export interface QuarantineAnswer {
  readonly revision: number;
  readonly quarantine: readonly QuarantinedAnswer[];
}

/** What is not in force as its owner wants it, and why. */
export interface QuarantinedAnswer extends Problem {
  /** `warning`: all is served, but a tag looks mistyped. `sluice lint` exits 1 for errors alone. */
  readonly severity: 'error' | 'warning';
  /** ISO 8601. */
  readonly since: string;
}

/** `sluice routes check --json` */
export interface RoutesCheckAnswer {
  /** Every document would be in force, and every rule served. */
  readonly ok: boolean;
  readonly documents: readonly {
    readonly source: string;
    /** Where it begins, from 1. */
    readonly line: number;
    /** `namespace/name`, where it can be read. */
    readonly name?: string;
    /** It would be in force. */
    readonly ok: boolean;
    readonly rules: number;
  }[];
  readonly problems: readonly {
    readonly source: string;
    readonly line: number;
    readonly column: number;
    /** `error`: the document is not in force; `unserved`: it is, but this is answered 500; `note`: it has no effect. */
    readonly severity: 'error' | 'unserved' | 'note';
    /** `spec.rules[0].matches`; absent where it is about no field. */
    readonly field?: string;
    readonly message: string;
    /** Of the document, where it can be read. */
    readonly name?: string;
  }[];
}

/** RFC 9457, for every refusal of the admin API. */
export interface ProblemAnswer {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
}
