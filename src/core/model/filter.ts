import type { HashKey } from './traffic.ts';

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

/**
 * So many requests in so much time; what is beyond them is answered 429 (core/limit). A rule may have several, all of which
 * must let a request pass.
 */
export interface RateLimitFilter {
  readonly type: 'rate-limit';
  /** At least 1. */
  readonly requests: number;
  /** Milliseconds. */
  readonly window: number;
  /** How many may come at once after a rest, at least 1; as many as `requests` where it is left out. */
  readonly burst?: number;
  /** Each caller has the limit for itself; where it is left out, all requests of the rule count together. */
  readonly by?: LimitKey;
  /** Each gateway counts alone. */
  readonly isLocal?: true;
}

/** What a caller is known by. Those without the header or cookie count as one. */
export interface LimitKey extends HashKey {
  readonly of: 'header' | 'cookie' | 'address';
}

/**
 * Somebody else judges each request before it goes to an upstream (Gateway API, HTTPExternalAuthFilter; Traefik,
 * ForwardAuth): an answer of 2xx lets it pass, any other below 500 is the client's answer.
 */
export interface Auth {
  readonly type: 'auth';
  /** In Consul. */
  readonly service: string;
  /** Narrows the service to one of its versions. */
  readonly version?: string;
  /** What it is asked for: this very path, or that of the request behind it, with its query. */
  readonly path: string;
  readonly asksFor: 'path' | 'request-path';
  /** By the method of the request; by GET where it is left out. */
  readonly keepsMethod?: true;
  /** Names of the client's fields that it is told, in lower case; all where left out. */
  readonly tells?: readonly string[];
  /**
   * Names of fields of its answer that go on with the request, in lower case; all where left out. No client can bring
   * them along itself.
   */
  readonly takes?: readonly string[];
  /** Milliseconds. */
  readonly timeout?: number;
  /** Requests pass where nobody can be asked. */
  readonly failsOpen?: true;
}

/** Who may pass: everybody else is answered 403. Addresses or CIDR blocks. */
export interface AccessFilter {
  readonly type: 'access';
  /** Where given, the client's address must be in one of them. */
  readonly allow?: readonly string[];
  /** The client's address must be in none of them. */
  readonly deny?: readonly string[];
  /** Each address in `X-Forwarded-For` is judged as well, whoever wrote it: it can only tighten (Fabio). */
  readonly forwarded?: boolean;
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
  | AccessFilter
  | RateLimitFilter
  | Auth
  | { readonly type: 'rewrite'; readonly hostname?: string; readonly path?: PathChange }
  | {
      readonly type: 'mirror';
      readonly service: string;
      readonly version?: string;
      /** Of the requests, in [0, 1]. */
      readonly share: number;
    }
  | { readonly type: 'cors'; readonly cors: Cors };
