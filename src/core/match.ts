import type { Rule } from './model.ts';
import { PathIndex } from './path-index.ts';
import { Route } from './route.ts';

/**
 * Rules arranged for look-up: host -> path -> rule. Built once per snapshot, read by every request.
 *
 * Precedence over the whole table (Gateway API, HTTPRouteRule): exact host, longest wildcard host, any host;
 * then exact path; then the longest prefix by segments. A host whose rules do not fit passes the request on to
 * the less specific hosts.
 */
export interface RouteTable {
  readonly exactHosts: ReadonlyMap<string, PathIndex<Route>>;
  /** Keyed by the suffix with its dot: `.example.com`. */
  readonly wildcardHosts: ReadonlyMap<string, PathIndex<Route>>;
  readonly anyHost: PathIndex<Route> | undefined;
}

/** At most one rule per match is expected; of two, the first is kept. */
export const compileRoutes = (rules: readonly Rule[]): RouteTable => {
  const byHost = new Map<string, Rule[]>();
  for (const rule of rules) {
    const host = rule.match.host ?? ANY;
    const ofHost = byHost.get(host);
    if (ofHost === undefined) byHost.set(host, [rule]);
    else ofHost.push(rule);
  }
  const exactHosts = new Map<string, PathIndex<Route>>();
  const wildcardHosts = new Map<string, PathIndex<Route>>();
  let anyHost: PathIndex<Route> | undefined;
  for (const [host, ofHost] of byHost) {
    const paths = indexPaths(ofHost);
    if (host === ANY) anyHost = paths;
    else if (host.startsWith('*.')) wildcardHosts.set(host.slice(1), paths);
    else exactHosts.set(host, paths);
  }
  return { exactHosts, wildcardHosts, anyHost };
};

const ANY = '';

const indexPaths = (rules: readonly Rule[]): PathIndex<Route> =>
  new PathIndex(
    rules.filter(({ match }) => match.kind === 'exact').map(rule => new Route(rule)),
    rules.filter(({ match }) => match.kind === 'prefix').map(rule => new Route(rule)),
  );

/**
 * @param host lower case, without port
 * @param path normalised, without query
 */
export const matchRoute = (table: RouteTable, host: string, path: string): Route | undefined => {
  const byExactHost = table.exactHosts.size > 0 ? table.exactHosts.get(host)?.find(path) : undefined;
  if (byExactHost !== undefined) return byExactHost;
  if (table.wildcardHosts.size > 0) {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      // `*.example.com` stands for at least one label in front: never for `.example.com` or `example.com`.
      const found = dot === 0 ? undefined : table.wildcardHosts.get(host.slice(dot))?.find(path);
      if (found !== undefined) return found;
    }
  }
  return table.anyHost?.find(path);
};
