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
