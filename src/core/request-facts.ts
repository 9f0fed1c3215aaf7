import type { Hashable } from './hash.ts';

/** What routing needs to know of a request, free of any server's types. What costs something is found out when asked. */
export interface RequestFacts extends Hashable {
  /** Lower case, without port. */
  readonly host: string;
  /** Normalised (core/path), without query. */
  readonly path: string;
  /** As the client wrote it: methods are case-sensitive (RFC 9110, 9.1). */
  readonly method: string;
  /** How the client's request came; a trusted proxy's word for it counts. */
  readonly scheme: 'http' | 'https';
  /** Of the entrance by which it came, as its client sees it; the usual one of the scheme where it is left out. */
  readonly entrancePort?: number;
  /** The query with its `?`, as it came; none where it is left out. */
  readonly search?: string;
  /** The value of a field by its lower-case name; several lines are joined by ", " (RFC 9110, 5.3). */
  header(name: string): string | undefined;
  /** The value of a query parameter, decoded; of several the first. Empty where it has none. */
  query(name: string): string | undefined;
}
