import type { PathKind, Rule } from './model.ts';
import { PathIndex } from './path-index.ts';
import { compareRules } from './precedence.ts';
import { type Expression, soundExpression } from './regex/expression.ts';
import type { RequestFacts } from './request-facts.ts';
import { Route } from './route.ts';

/** The rules of one host: path -> rest. What is found leads by `next` to the others of the same path. */
export class HostRoutes {
  /** What it was made of. */
  readonly rules: readonly Rule[];
  readonly #paths: PathIndex<Route>;
  /** In order of precedence, each by itself: others may stand between those of one pattern. */
  readonly #expressions: readonly ByExpression[];
  /** A route of each rule. */
  readonly #known: ReadonlyMap<Rule, Route>;

  /** @param before of the same host in the table before: routes that are the same are used again */
  constructor(rules: readonly Rule[], before?: HostRoutes) {
    this.rules = rules;
    const known = new Map<Rule, Route>();
    const paths = before === undefined ? undefined : before.#paths;
    const alike = before === undefined ? known : before.#known;
    const sorted = sort(rules);
    const routesOf = (kind: 'exact' | 'prefix' | 'text', at: (path: string) => Route | undefined): Route[] =>
      Array.from(sorted[kind], ([path, ofPath]) => {
        const first = chain(ofPath, at(path), rule => known.get(rule) ?? alike.get(rule));
        for (let route: Route | undefined = first; route !== undefined; route = route.next) {
          known.set(route.rule, route);
        }
        return first;
      });
    this.#paths = new PathIndex({
      exact: routesOf('exact', path => paths?.exactAt(path)),
      prefixes: routesOf('prefix', path => paths?.prefixAt(path)),
      texts: routesOf('text', path => paths?.textAt(path)),
    });
    this.#expressions = sorted.regex.sort(compareRules).flatMap(rule => {
      const expression = soundExpression('path', rule.match.path);
      if (expression === undefined) return [];
      const route = new Route(rule, undefined, alike.get(rule));
      known.set(rule, route);
      return [{ expression, route }];
    });
    this.#known = known;
  }

  /** The first in order of precedence that takes the request. */
  find(facts: RequestFacts): Route | undefined {
    const { path } = facts;
    if (this.#expressions.length === 0) {
      const found = this.#paths.find(path);
      if (found === undefined) return undefined;
      const taking = firstTaking(found, facts);
      if (taking !== undefined) return taking;
    }
    for (const found of this.fitting(path)) {
      const taking = firstTaking(found, facts);
      if (taking !== undefined) return taking;
    }
    return undefined;
  }

  /** All whose path fits, in order of precedence, those with the same path behind the first of them. */
  fitting(path: string): Route[] {
    const exact = this.#paths.exactAt(path);
    const found = exact === undefined ? [] : [exact];
    for (const { expression, route } of this.#expressions) if (expression.fits(path)) found.push(route);
    for (const route of this.#paths.prefixesOf(path)) found.push(route);
    return found;
  }
}

interface ByExpression {
  readonly expression: Expression;
  readonly route: Route;
}

interface Sorted {
  readonly exact: Map<string, Rule[]>;
  readonly prefix: Map<string, Rule[]>;
  readonly text: Map<string, Rule[]>;
  readonly regex: Rule[];
}

/**
 * The rules of each path. Those by characters are also where a prefix by segments is the same: who fits the one fits the
 * other, and their order is that of the rest.
 */
const sort = (rules: readonly Rule[]): Sorted => {
  const sorted: Sorted = { exact: new Map(), prefix: new Map(), text: new Map(), regex: [] };
  for (const rule of rules) {
    const kind = kindOf(rule);
    if (kind === 'regex') sorted.regex.push(rule);
    else add(sorted[kind], rule);
  }
  for (const [path, ofPath] of sorted.text) sorted.prefix.get(path)?.push(...ofPath);
  return sorted;
};

const add = (paths: Map<string, Rule[]>, rule: Rule): void => {
  const same = paths.get(rule.match.path);
  if (same === undefined) paths.set(rule.match.path, [rule]);
  else same.push(rule);
};

/** All paths begin with the root, by segments as well as by characters. */
const kindOf = ({ match: { kind, path } }: Rule): PathKind =>
  kind === 'text' && path === '/' ? 'prefix' : kind;

/** @returns `before` where it is of the same rules */
const chain = (
  rules: Rule[],
  before: Route | undefined,
  knownOf: (rule: Rule) => Route | undefined,
): Route => {
  if (rules.length > 1) rules.sort(compareRules);
  if (before !== undefined && isOf(before, rules)) return before;
  let first: Route | undefined;
  for (const rule of rules.reverse()) first = new Route(rule, first, knownOf(rule));
  return first as Route;
};

const isOf = (first: Route, rules: readonly Rule[]): boolean => {
  let route: Route | undefined = first;
  for (const rule of rules) {
    if (route?.rule !== rule) return false;
    route = route.next;
  }
  return route === undefined;
};

export const firstTaking = (first: Route, facts: RequestFacts): Route | undefined => {
  for (let route: Route | undefined = first; route !== undefined; route = route.next) {
    if (route.takes(facts)) return route;
  }
  return undefined;
};
