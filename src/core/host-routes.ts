import { indexPaths } from './host-paths.ts';
import type { Rule } from './model/rule.ts';
import type { PathIndex } from './path-index.ts';
import { compareRules } from './precedence.ts';
import { type Expression, soundExpression } from './regex/expression.ts';
import type { RequestFacts } from './request-facts.ts';
import { firstTaking, Route } from './route.ts';
import { changesOf, type RuleChanges } from './rule-changes.ts';

/** The rules of one host: path -> rest. What is found leads by `next` to the others of the same path. */
export class HostRoutes {
  /** What it was made of. */
  readonly rules: readonly Rule[];
  readonly #paths: PathIndex<Route>;
  /** In order of precedence, each by itself: others may stand between those of one pattern. */
  readonly #expressions: readonly ByExpression[];

  /** @param before of the same host in the table before: what is not of rules that changed is used again */
  constructor(rules: readonly Rule[], before?: HostRoutes) {
    this.rules = rules;
    const changes = changesOf(before === undefined ? [] : before.rules, rules);
    this.#paths = indexPaths(changes, before === undefined ? undefined : before.#paths);
    this.#expressions = indexExpressions(changes, before === undefined ? [] : before.#expressions);
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

const indexExpressions = (
  { gone, come }: RuleChanges,
  before: readonly ByExpression[],
): readonly ByExpression[] => {
  const known = new Map(before.map(each => [each.route.rule, each]));
  const stay = before.filter(({ route }) => !gone.has(route.rule));
  const coming = come
    .filter(({ match }) => match.kind === 'regex')
    .flatMap(rule => {
      const expression = soundExpression('path', rule.match.path);
      if (expression === undefined) return [];
      return [known.get(rule) ?? { expression, route: new Route(rule) }];
    });
  return [...stay, ...coming].sort((a, b) => compareRules(a.route.rule, b.route.rule));
};
