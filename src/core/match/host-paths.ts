import type { PathKind } from '../model/match.ts';
import type { Rule } from '../model/rule.ts';
import { Route, routesFrom } from '../route/route.ts';
import type { PathIndex } from './path-index.ts';
import type { PathChanges } from './path-slots.ts';
import { compareRules } from './precedence.ts';
import type { RuleChanges } from './rule-changes.ts';

/**
 * What the paths of one host lead to where its rules change, those of one path in order of precedence. Rules by characters
 * are also where a prefix by segments is the same: who fits the one fits the other, and their order is that of all of them.
 *
 * @param before of the table before: routes that are the same are used again
 */
export const pathChanges = (
  seed: number,
  changes: RuleChanges,
  before?: PathIndex<Route>,
): PathChanges<Route> => {
  const exact = new Map<string, Route | undefined>();
  for (const [path, coming] of changedPaths('exact', changes)) {
    const known = before?.exactAt(seed, path);
    exact.set(path, chain(withStaying(coming, known, changes), known));
  }
  const text = new Map<string, Route | undefined>();
  for (const [path, coming] of changedPaths('text', changes)) {
    const known = before?.textAt(seed, path);
    text.set(path, chain(withStaying(coming, known, changes), known));
  }
  const prefix = new Map<string, Route | undefined>();
  const prefixes = changedPaths('prefix', changes);
  for (const path of text.keys()) if (!prefixes.has(path)) prefixes.set(path, []);
  for (const [path, coming] of prefixes) {
    const known = before?.prefixAt(seed, path);
    const texts = text.has(path) ? text.get(path) : before?.textAt(seed, path);
    const own = withStaying(coming, known, changes).filter(rule => indexedAs(rule) === 'prefix');
    if (own.length > 0)
      prefix.set(path, chain(texts === undefined ? own : [...own, ...rulesFrom(texts)], known, texts));
    else if (known !== undefined) prefix.set(path, undefined);
  }
  return { seed, exact, prefix, text };
};

/** All paths begin with the root, by segments as well as by characters. */
const indexedAs = ({ match: { kind, path } }: Rule): PathKind =>
  kind === 'text' && path === '/' ? 'prefix' : kind;

/** The paths of rules of one kind that have gone or come, each with those that come. */
const changedPaths = (kind: PathKind, { gone, come }: RuleChanges): Map<string, Rule[]> => {
  const paths = new Map<string, Rule[]>();
  for (const rule of gone) if (indexedAs(rule) === kind) paths.set(rule.match.path, []);
  for (const rule of come) {
    if (indexedAs(rule) !== kind) continue;
    const same = paths.get(rule.match.path);
    if (same === undefined) paths.set(rule.match.path, [rule]);
    else same.push(rule);
  }
  return paths;
};

const withStaying = (coming: Rule[], known: Route | undefined, { gone }: RuleChanges): Rule[] =>
  known === undefined ? coming : [...rulesFrom(known).filter(rule => !gone.has(rule)), ...coming];

const rulesFrom = (first: Route | undefined): Rule[] => routesFrom(first).map(({ rule }) => rule);

/**
 * Puts rules in order of precedence, the last first: each leads on to the next.
 *
 * @param known of the same path before: from the last of them that differs on, it is used again
 * @param others of some of the rules: what they count goes on being counted there
 */
const chain = (rules: Rule[], known: Route | undefined, others?: Route): Route | undefined => {
  if (rules.length > 1) rules.sort((a, b) => compareRules(b, a));
  const alike = known === undefined && others === undefined ? undefined : routesByRule(others, known);
  let first: Route | undefined;
  for (const rule of rules) {
    const like = alike?.get(rule);
    first = like !== undefined && like.next === first ? like : new Route(rule, first, like);
  }
  return first;
};

const routesByRule = (...lists: readonly (Route | undefined)[]): ReadonlyMap<Rule, Route> =>
  new Map(lists.flatMap(routesFrom).map(route => [route.rule, route]));
