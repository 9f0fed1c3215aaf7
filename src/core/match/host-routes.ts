import type { Rule } from '../model/rule.ts';
import { type Expression, soundExpression } from '../regex/expression.ts';
import type { RequestFacts } from '../request-facts.ts';
import { firstTaking, Route } from '../route/route.ts';
import type { PathIndex } from './path-index.ts';
import { compareRules } from './precedence.ts';
import type { RuleChanges } from './rule-changes.ts';

/** The rules of one host: path -> rest. What is found leads by `next` to the others of the same path. */
export class HostRoutes {
  /** What it was made of. */
  readonly rules: readonly Rule[];
  /** Of its paths in the index of all hosts, and of no other's. */
  readonly seed: number;
  /** In order of precedence, each by itself: others may stand between those of one pattern. */
  readonly #expressions: readonly ByExpression[];

  /** @param before of the same host in the table before: what is not of rules that changed is used again */
  constructor(rules: readonly Rule[], seed: number, changes: RuleChanges, before?: HostRoutes) {
    this.rules = rules;
    this.seed = seed;
    this.#expressions = indexExpressions(changes, before === undefined ? [] : before.#expressions);
  }

  /** The first in order of precedence that takes the request. @param paths of all hosts */
  find(paths: PathIndex<Route>, facts: RequestFacts): Route | undefined {
    const { path } = facts;
    if (this.#expressions.length === 0) {
      const mark = paths.find(this.seed, path);
      const found = paths.leadOf(mark);
      if (found === undefined || paths.takesAll(mark)) return found;
      const taking = firstTaking(found, facts);
      if (taking !== undefined) return taking;
    }
    for (const found of this.fitting(paths, path)) {
      const taking = firstTaking(found, facts);
      if (taking !== undefined) return taking;
    }
    return undefined;
  }

  /** All whose path fits, in order of precedence, those with the same path behind the first of them. */
  fitting(paths: PathIndex<Route>, path: string): Route[] {
    const exact = paths.exactAt(this.seed, path);
    const found = exact === undefined ? [] : [exact];
    for (const { expression, route } of this.#expressions) if (expression.fits(path)) found.push(route);
    for (const route of paths.prefixesOf(this.seed, path)) found.push(route);
    return found;
  }
}

interface ByExpression {
  readonly expression: Expression;
  readonly route: Route;
}

const indexExpressions = (
  { gone, come }: RuleChanges,
  before: readonly ByExpression[],
): readonly ByExpression[] => {
  if (before.length === 0 && !come.some(isByExpression)) return NONE;
  const known = new Map(before.map(each => [each.route.rule, each]));
  const stay = before.filter(({ route }) => !gone.has(route.rule));
  const coming = come.filter(isByExpression).flatMap(rule => {
    const expression = soundExpression('path', rule.match.path);
    if (expression === undefined) return [];
    return [known.get(rule) ?? { expression, route: new Route(rule) }];
  });
  return [...stay, ...coming].sort((a, b) => compareRules(a.route.rule, b.route.rule));
};

const isByExpression = ({ match }: Rule): boolean => match.kind === 'regex';

/** Nearly every host has none: they share one list, which no cache forgets. */
const NONE: readonly ByExpression[] = [];
