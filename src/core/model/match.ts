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
