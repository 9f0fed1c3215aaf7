import type { Rule } from '../model/rule.ts';
import { type Expression, soundExpression } from '../regex/expression.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { Route } from '../route/route.ts';
import { pathChanges } from './host-paths.ts';
import { HostRoutes } from './host-routes.ts';
import { seedOf } from './path-hash.ts';
import { PathIndex } from './path-index.ts';
import type { PathChanges } from './path-slots.ts';
import { changesOf } from './rule-changes.ts';

/** Rules arranged for look-up: host -> path -> rest. A host whose rules do not fit passes on to the less specific ones. */
export class HostTable {
  readonly rules: readonly Rule[];
  readonly #exact = new Map<string, HostRoutes>();
  /** Keyed by the suffix with its dot: `.example.com`. */
  readonly #wildcards = new Map<string, HostRoutes>();
  readonly #any: HostRoutes | undefined;
  /** Of rules that ask for an expression as well, by the host besides it; in order of precedence. */
  readonly #byExpression = new Map<string, ByExpression[]>();
  readonly #groups = new Map<string, HostRoutes>();
  readonly #paths: PathIndex<Route>;
  /** How many hosts there ever were: each has its own number for as long as it is there. */
  #numbered: number;

  /** @param before hosts and routes that are the same are used again */
  constructor(rules: readonly Rule[], before?: HostTable) {
    this.rules = rules;
    this.#numbered = before === undefined ? 0 : before.#numbered;
    const known = before === undefined ? NO_GROUPS : before.#groups;
    const paths = before === undefined ? undefined : before.#paths;
    const hosts = byHost(rules);
    const changes: PathChanges<Route>[] = [];
    for (const [key, { seed, rules }] of known) {
      if (!hosts.has(key)) changes.push(pathChanges(seed, changesOf(rules, []), paths));
    }
    for (const [key, ofHost] of hosts) {
      const routes = this.#routesOf(ofHost, known.get(key), paths, changes);
      this.#groups.set(key, routes);
      const { host = ANY, hostRegex } = (ofHost[0] as Rule).match;
      if (hostRegex !== undefined) this.#addByExpression(host, hostRegex, routes);
      else if (host.startsWith('*.')) this.#wildcards.set(host.slice(1), routes);
      else if (host !== ANY) this.#exact.set(host, routes);
    }
    for (const routes of this.#byExpression.values()) {
      routes.sort((a, b) => b.pattern.length - a.pattern.length || (a.pattern < b.pattern ? -1 : 1));
    }
    this.#any = this.#groups.get(ANY);
    this.#paths = new PathIndex(changes, paths);
  }

  /** The first in order of precedence that takes the request. */
  find(facts: RequestFacts): Route | undefined {
    if (this.#byExpression.size > 0) return firstFound(this.#hostsOf(facts.host), this.#paths, facts);
    const { host } = facts;
    const byExactHost = this.#exact.size > 0 ? this.#exact.get(host)?.find(this.#paths, facts) : undefined;
    if (byExactHost !== undefined) return byExactHost;
    if (this.#wildcards.size > 0) {
      for (let dot = afterLabel(host, 0); dot > 0; dot = afterLabel(host, dot + 1)) {
        const found = this.#wildcards.get(host.slice(dot))?.find(this.#paths, facts);
        if (found !== undefined) return found;
      }
    }
    return this.#any?.find(this.#paths, facts);
  }

  /** All whose host and path fit, in order of precedence, those with the same of both behind the first of them. */
  fitting({ host, path }: RequestFacts): Route[] {
    return this.#hostsOf(host).flatMap(routes => routes.fitting(this.#paths, path));
  }

  /** @param changes where its own are added */
  #routesOf(
    rules: readonly Rule[],
    known: HostRoutes | undefined,
    paths: PathIndex<Route> | undefined,
    changes: PathChanges<Route>[],
  ): HostRoutes {
    if (known !== undefined && areSame(known.rules, rules)) return known;
    const seed = known === undefined ? seedOf(this.#numbered++) : known.seed;
    const ofRules = changesOf(known === undefined ? [] : known.rules, rules);
    changes.push(pathChanges(seed, ofRules, paths));
    return new HostRoutes(rules, seed, ofRules, known);
  }

  #addByExpression(host: string, pattern: string, routes: HostRoutes): void {
    const expression = soundExpression('host', pattern);
    if (expression === undefined) return;
    const same = this.#byExpression.get(host);
    if (same === undefined) this.#byExpression.set(host, [{ pattern, expression, routes }]);
    else same.push({ pattern, expression, routes });
  }

  /** All that fit a host, the most specific first. */
  #hostsOf(host: string): HostRoutes[] {
    const found: HostRoutes[] = [];
    if (host !== ANY) this.#addFitting(found, host, host, this.#exact.get(host));
    if (this.#wildcards.size > 0 || this.#byExpression.size > 0) {
      for (let dot = afterLabel(host, 0); dot > 0; dot = afterLabel(host, dot + 1)) {
        const suffix = host.slice(dot);
        this.#addFitting(found, host, `*${suffix}`, this.#wildcards.get(suffix));
      }
    }
    this.#addFitting(found, host, ANY, this.#any);
    return found;
  }

  #addFitting(found: HostRoutes[], host: string, wanted: string, routes: HostRoutes | undefined): void {
    if (this.#byExpression.size > 0) {
      for (const { expression, routes: within } of this.#byExpression.get(wanted) ?? []) {
        if (expression.fits(host)) found.push(within);
      }
    }
    if (routes !== undefined) found.push(routes);
  }
}

interface ByExpression {
  readonly pattern: string;
  readonly expression: Expression;
  readonly routes: HostRoutes;
}

const ANY = '';

const NO_GROUPS: ReadonlyMap<string, HostRoutes> = new Map();

const byHost = (rules: readonly Rule[]): Map<string, Rule[]> => {
  const hosts = new Map<string, Rule[]>();
  for (const rule of rules) {
    const { host = ANY, hostRegex } = rule.match;
    const key = hostRegex === undefined ? host : `${host} ${hostRegex}`;
    const same = hosts.get(key);
    if (same === undefined) hosts.set(key, [rule]);
    else same.push(rule);
  }
  return hosts;
};

const areSame = (a: readonly Rule[], b: readonly Rule[]): boolean =>
  a.length === b.length && a.every((rule, i) => rule === b[i]);

/** `*.example.com` stands for at least one label in front: never for `.example.com` or `example.com`. */
const afterLabel = (host: string, from: number): number => {
  const dot = host.indexOf('.', from);
  return dot === 0 ? host.indexOf('.', 1) : dot;
};

const firstFound = (
  hosts: readonly HostRoutes[],
  paths: PathIndex<Route>,
  facts: RequestFacts,
): Route | undefined => {
  for (const routes of hosts) {
    const found = routes.find(paths, facts);
    if (found !== undefined) return found;
  }
  return undefined;
};
