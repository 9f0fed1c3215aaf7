/**
 * The words of Sluice as types. Everything here is plain, structured-cloneable data without behaviour, so
 * that a snapshot can cross to another process as a message.
 */

import type { Origin } from './origin.ts';
import type { Freeze, Revert } from './weights.ts';

/** Health of an instance: the worst of its own checks and its node's; maintenance outranks them all. */
export type Health = 'passing' | 'warning' | 'critical' | 'maintenance';

/** One registered address and port of a service, as the Consul catalog has it. */
export interface Instance {
  /** Identity for load and health figures: `node/serviceId@address:port`. Changes when the address does. */
  readonly id: string;
  readonly service: string;
  readonly serviceId: string;
  readonly node: string;
  /** Host name or IP literal (IPv6 without brackets). */
  readonly address: string;
  readonly port: number;
  readonly health: Health;
  /** The tags exactly as registered. */
  readonly tags: readonly string[];
  /** Consul's own weight for the present health; 1 where Consul says nothing. */
  readonly weight: number;
  readonly createIndex: number;
  readonly modifyIndex: number;
  /** Set while Consul no longer lists the instance and the wipe guard keeps it: epoch milliseconds of expiry. */
  readonly heldUntil?: number;
}

/** Every instance that Consul lists (or that is held), whatever its health, by service name. */
export type Catalog = ReadonlyMap<string, readonly Instance[]>;

/** version -> weight, as the operator gave it: finite numbers >= 0, read as shares of their sum. */
export type Weights = ReadonlyMap<string, number>;

/** What a weight store knows of one service. */
export interface ServiceWeights {
  /** In force; absent where neither Redis nor the memory names any (tags or instance counts decide then). */
  readonly weights?: Weights;
  /** Ledger revision of these weights; 0 where there is no ledger. */
  readonly revision: number;
  /** Why the stored value is not what is in force, in one line for the operator. */
  readonly problem?: string;
  /** They were set for a time, and what comes then. */
  readonly reverts?: Revert;
  readonly frozen?: Freeze;
}

/** Service name -> what the weight store knows of it. */
export type AllWeights = ReadonlyMap<string, ServiceWeights>;

/**
 * How a path is compared: whole; by whole segments (`/orders` fits `/orders/1`, not `/ordersX`); by an expression of RE2
 * that fits the whole of it; or by its first characters, as Fabio and Traefik do (`/orders` fits `/ordersX`).
 */
export type PathKind = 'exact' | 'prefix' | 'regex' | 'text';

/** A condition on a header or a query parameter. */
export interface ValueMatch {
  /** Of a header in lower case; of a parameter as it is. */
  readonly name: string;
  /** `regex` fits the whole value; `present` asks for no value. */
  readonly kind: 'exact' | 'regex' | 'present';
  readonly value: string;
}

/** What a request must look like for a rule to win it (Gateway API, HTTPRouteMatch, with one host). */
export interface Match {
  /** Lower case, without port: `shop.example.com`, `*.example.com`, or absent for any host. */
  readonly host?: string;
  readonly kind: PathKind;
  /**
   * Begins with `/`. A trailing slash is never there where `kind` is `prefix` (but for the root), and counts where it is
   * `text` or `exact`. An expression where `kind` is `regex`.
   */
  readonly path: string;
  /** In upper case. */
  readonly method?: string;
  /** All must hold. */
  readonly headers?: readonly ValueMatch[];
  /** All must hold. */
  readonly query?: readonly ValueMatch[];
  /** An expression that fits the whole host (lower case, without port), besides what `host` asks for. */
  readonly hostRegex?: string;
  /** How the request came; a trusted proxy's word for it counts. */
  readonly scheme?: 'http' | 'https';
  /** The client's address is in one of these: addresses or CIDR blocks. */
  readonly addresses?: readonly string[];
  /** A request must fit all of these, too: two conditions of one sort (Traefik's `&&`). */
  readonly also?: readonly Match[];
  /** A request that fits one of these does not fit (Traefik's `!`). */
  readonly unless?: readonly Match[];
  /**
   * Set for rules that rank among themselves by a number, as Traefik's do. A request that fits no rule without one is
   * tried with these, whatever their hosts and paths: the highest first, and among equals by the usual precedence.
   */
  readonly priority?: number;
}

/**
 * What a path becomes. `full` is `value`, whatever it was. `prefix` puts `value` in place of what a prefix match has
 * matched (Gateway API, HTTPPathModifier). `segments` and `text` take off the first of `strip` that the path begins with,
 * by whole segments or by characters (as Fabio and Traefik do), and put `value` in front, be it empty, in any case.
 */
export interface PathChange {
  readonly kind: 'full' | 'prefix' | 'segments' | 'text';
  readonly value: string;
  readonly strip?: readonly string[];
}

/** Names as they are to be sent; each name is changed in one way only. */
export interface HeaderChange {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
  /** In lower case. */
  readonly remove: readonly string[];
}

/** Cross-origin requests (Gateway API, HTTPCORSFilter; fetch.spec.whatwg.org). `*` stands for any. */
export interface Cors {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly credentials: boolean;
  /** Seconds. */
  readonly maxAge: number;
}

/** What is done about a request or its answer, in the order of its list (Gateway API, HTTPRouteFilter). */
export type Filter =
  | { readonly type: 'request-headers'; readonly change: HeaderChange }
  | { readonly type: 'response-headers'; readonly change: HeaderChange }
  | {
      readonly type: 'redirect';
      readonly status: 301 | 302 | 303 | 307 | 308;
      readonly scheme?: 'http' | 'https';
      readonly hostname?: string;
      readonly port?: number;
      readonly path?: PathChange;
      /** In place of the request's own query; empty for none. */
      readonly query?: string;
      /** A request that is already where it would be sent is not redirected, but goes its way (Traefik). */
      readonly unlessThere?: boolean;
    }
  | {
      /** Who may pass: everybody else is answered 403. Addresses or CIDR blocks. */
      readonly type: 'access';
      /** Where given, the client's address must be in one of them. */
      readonly allow?: readonly string[];
      /** The client's address must be in none of them. */
      readonly deny?: readonly string[];
      /** Each address in `X-Forwarded-For` is judged as well, whoever wrote it: it can only tighten (Fabio). */
      readonly forwarded?: boolean;
    }
  | { readonly type: 'rewrite'; readonly hostname?: string; readonly path?: PathChange }
  | {
      readonly type: 'mirror';
      readonly service: string;
      readonly version?: string;
      /** Of the requests, in [0, 1]. */
      readonly share: number;
    }
  | { readonly type: 'cors'; readonly cors: Cors };

/** Where the shares of a split come from. */
export type SplitSource =
  | 'weights' // the operator's: the hash in Redis, or the memory of `sluice dev`
  | 'tags' // `weight=` tags
  | 'instances' // no weights anywhere: every live instance has an equal share
  | 'unnamed' // every version the hash gives a share to is dead: live versions it does not name serve
  | 'document'; // a route document names the version

/** The share of traffic of one version, in [0, 1]. */
export interface Share {
  readonly version: string;
  readonly share: number;
}

/** The share of traffic that each version of a service gets; shares sum to 1, or to 0 when none may serve. */
export interface Split {
  readonly source: SplitSource;
  readonly shares: readonly Share[];
}

/** An instance as one rule uses it: tags that say what is sent upstream follow the instance. */
export interface Target {
  readonly instance: Instance;
  readonly version: string;
  /** What its path becomes (`full`, `segments` or `text`), after the filters of the rule. */
  readonly path?: PathChange;
  /** The `Host` that it is to see: a name, with its port where it is not the usual one. */
  readonly host?: string;
  /** Among the instances of its version, in place of Consul's weight. */
  readonly weight?: number;
}

/** One version behind a rule, with its live targets (never empty) and its share. */
export interface Arm {
  readonly version: string;
  readonly share: number;
  readonly targets: readonly Target[];
}

/** How one instance is picked among those of a version (core/balance). */
export type BalanceName = 'peak-ewma' | 'round-robin' | 'least-request' | 'hash';

/** What of a request is hashed: requests with the same go to the same instance. */
export interface HashKey {
  readonly of: 'header' | 'cookie' | 'address' | 'path';
  /** Of the header (lower case) or the cookie. */
  readonly name?: string;
}

/** What a caller is known by, so that it stays with its version: the same on every gateway, without stored state. */
export interface Sticky extends HashKey {
  readonly of: 'header' | 'cookie' | 'address';
}

/**
 * A caller stays with one instance for as long as that is there, whatever becomes of the weights (Gateway API,
 * SessionPersistence; GEP-1619). It is told where by a token, which it sends again.
 */
export interface SessionRule {
  /** How the token comes and goes. */
  readonly by: 'cookie' | 'header';
  /** Of the cookie, or of the header in lower case. */
  readonly name: string;
  /** Whose session it is: a token that was given for another one is good for nothing here. */
  readonly scope: string;
  /** Of a cookie: to which paths it belongs; `/` where it is left out. */
  readonly path?: string;
  /** A cookie outlives the browser. */
  readonly isPermanent?: true;
  /** Milliseconds after which a session ends. */
  readonly absoluteTimeout?: number;
  /** Milliseconds without a request after which a session ends. */
  readonly idleTimeout?: number;
}

/** What the owner of a rule says about its traffic; the gateway's own settings hold for what is left out. */
export interface RuleSettings {
  readonly balance?: BalanceName;
  readonly hash?: HashKey;
  /** Attempts after the first. */
  readonly retries?: number;
  /** Milliseconds to the head of the response, over all attempts; 0 is without limit. */
  readonly timeout?: number;
  /** Milliseconds of each attempt, from its sending to the end of its response; 0 is without limit. */
  readonly tryTimeout?: number;
  readonly retry?: RetryRule;
  readonly sticky?: Sticky;
  readonly session?: SessionRule;
}

/**
 * When the owner of a rule wants its requests tried again (Gateway API, HTTPRouteRetry; how often is `retries`), whatever
 * their method: after connection errors and attempts that took too long, and after these answers. Where there is none, the
 * gateway's own way holds: what is harmless to do twice, at another instance, at once.
 */
export interface RetryRule {
  /** Statuses from 400 to 599. */
  readonly codes?: readonly number[];
  /** Milliseconds before the first retry, at least; it grows from one to the next. */
  readonly backoff?: number;
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
  /** Whom the `mirror` filters copy to, in their order. */
  readonly mirrors?: readonly Backend[];
}

export const QUARANTINE_KINDS = [
  'tag', // one that can't be read, or not be honoured
  'document', // a route document that can't be read
  'conflict', // a match that somebody else holds
  'limit', // one more than a request may cost
  'disagreement', // instances of one version say different things, and one of them counts
  'typo', // a tag that looks as if it were meant to be read, and is not: a warning only
] as const;

/** Something that is not in force as its owner wants it, and why; everything else keeps working. */
export interface Problem {
  readonly kind: (typeof QUARANTINE_KINDS)[number];
  /** Who can mend it: a service, or a document as `namespace/name`. */
  readonly owner: string;
  /** Whose it is, where it is one service's. */
  readonly service?: string;
  /** The instance whose tag is at fault, where it is one instance's. */
  readonly instance?: string;
  /** Where it is written, for a document: `routes/shop.yaml:12:7`. */
  readonly place?: string;
  /** The tag, the field of the document, or the match that two claim. */
  readonly subject: string;
  /** Ends with what to do about it. */
  readonly reason: string;
}

/** A problem, for as long as it lasts. */
export interface Quarantined extends Problem {
  /** Epoch milliseconds. */
  readonly since: number;
}

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

/** Which health counts as live. */
export type LivePolicy = 'passing-only' | 'allow-warning';

export const isLive = (instance: Instance, policy: LivePolicy): boolean =>
  instance.health === 'passing' || (policy === 'allow-warning' && instance.health === 'warning');

/** The one version name of instances that carry no `version=` tag. */
export const DEFAULT_VERSION = 'default';
