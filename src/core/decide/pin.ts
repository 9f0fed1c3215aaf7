import { matchRoute, type RouteTable } from '../match/match.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { Route } from '../route/route.ts';
import type { Picking } from './picking.ts';

/** A request whose path begins with its version, read without it. */
export interface PathPin {
  readonly route: Route;
  readonly version: string;
  /** What the rule goes by. */
  readonly path: string;
}

/**
 * `/v2/orders/1` is `/orders/1` at v2 where two things hold. No rule claims the path as it is: what fits it best, if
 * anything, is a rule for every path. And v2 is a live version of the service whose rule fits `/orders/1` best.
 *
 * @param literal what fits the path as it is
 */
export const pinByPath = (
  table: RouteTable,
  facts: RequestFacts,
  literal: Route | undefined,
): PathPin | undefined => {
  if (literal !== undefined && literal.rule.match.path !== '/') return undefined;
  const { path } = facts;
  const end = path.indexOf('/', 1);
  const version = end < 0 ? path.slice(1) : path.slice(1, end);
  if (version === '') return undefined;
  const rest = end < 0 ? '/' : path.slice(end);
  const route = matchRoute(table, withPath(facts, rest));
  return route?.hasLive(version) === true ? { route, version, path: rest } : undefined;
};

/** The same request for another path. */
export const withPath = (facts: RequestFacts, path: string): RequestFacts => ({
  host: facts.host,
  path,
  method: facts.method,
  scheme: facts.scheme,
  clientAddress: facts.clientAddress,
  header: name => facts.header(name),
  query: name => facts.query(name),
});

/** The version that a request's header names; an empty one names none. */
export const pinByHeader = (
  { pinHeader }: Picking,
  request: { header?(name: string): string | undefined },
): string | undefined => {
  if (pinHeader === undefined) return undefined;
  return request.header?.(pinHeader)?.trim() || undefined;
};
