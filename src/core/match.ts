import type { PathKind, Rule } from './model.ts';
import { compileRule, type Route } from './route.ts';

/**
 * Rules arranged for look-up: host -> path -> rule. Built once per snapshot, read by every request.
 *
 * Precedence over the whole table (Gateway API, HTTPRouteRule): exact host, longest wildcard host, any host;
 * then exact path; then the longest prefix by segments. A host whose rules do not fit passes the request on to
 * the less specific hosts.
 */
export interface RouteTable {
  readonly exactHosts: ReadonlyMap<string, PathTable>;
  /** Keyed by the suffix with its dot: `.example.com`. */
  readonly wildcardHosts: ReadonlyMap<string, PathTable>;
  readonly anyHost: PathTable | undefined;
}

interface PathTable {
  readonly exact: Map<string, Route>;
  readonly prefix: Map<string, Route>;
  /** Length of the longest prefix: no more of a path is looked at than could match. */
  longest: number;
}

/** At most one rule per match is expected; of two, the first is kept. */
export const compileRoutes = (rules: readonly Rule[]): RouteTable => {
  const exactHosts = new Map<string, PathTable>();
  const wildcardHosts = new Map<string, PathTable>();
  const anyHost = new Map<string, PathTable>();
  for (const rule of rules) {
    const { host, kind, path } = rule.match;
    if (host === undefined) put(anyHost, '', kind, path, rule);
    else if (host.startsWith('*.')) put(wildcardHosts, host.slice(1), kind, path, rule);
    else put(exactHosts, host, kind, path, rule);
  }
  return { exactHosts, wildcardHosts, anyHost: anyHost.get('') };
};

const put = (hosts: Map<string, PathTable>, host: string, kind: PathKind, path: string, rule: Rule): void => {
  const table = hosts.get(host) ?? { exact: new Map(), prefix: new Map(), longest: 0 };
  hosts.set(host, table);
  if (kind === 'prefix') table.longest = Math.max(table.longest, path.length);
  if (!table[kind].has(path)) table[kind].set(path, compileRule(rule));
};

/**
 * @param host lower case, without port
 * @param path normalised, without query
 */
export const matchRoute = (table: RouteTable, host: string, path: string): Route | undefined => {
  const exact = table.exactHosts.get(host);
  const byExactHost = exact === undefined ? undefined : matchPath(exact, path);
  if (byExactHost !== undefined) return byExactHost;
  if (table.wildcardHosts.size > 0) {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      // `*.example.com` stands for at least one label in front: never for `.example.com` or `example.com`.
      const paths = dot === 0 ? undefined : table.wildcardHosts.get(host.slice(dot));
      const rule = paths === undefined ? undefined : matchPath(paths, path);
      if (rule !== undefined) return rule;
    }
  }
  return table.anyHost === undefined ? undefined : matchPath(table.anyHost, path);
};

const matchPath = ({ exact, prefix, longest }: PathTable, path: string): Route | undefined => {
  const whole = exact.get(path) ?? prefix.get(path);
  if (whole !== undefined || prefix.size === 0) return whole;
  for (let end = path.lastIndexOf('/', longest); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const rule = prefix.get(path.slice(0, end));
    if (rule !== undefined) return rule;
  }
  return prefix.get('/');
};
