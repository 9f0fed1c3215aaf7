import type { Match } from '../../model/match.ts';
import { type Condition, conditionOf } from './condition.ts';
import type { Expression } from './expression.ts';
import { RuleSyntaxError } from './syntax-error.ts';

/** A condition as it is asked for, or as it must not hold. */
interface Literal {
  readonly condition: Condition;
  readonly isNegated: boolean;
}

/** All of it must hold. */
type Clause = readonly Literal[];

const MOST_CLAUSES = 64;
const MOST_LITERALS = 64;

/**
 * The matches of a rule, one of which a request must fit: its disjunctive normal form.
 *
 * @throws RuleSyntaxError also where it would be too large
 */
export const matchesOf = (expression: Expression): Match[] => {
  const matches = clausesOf(expression, false).map(matchOf);
  return [...new Map(matches.map(match => [JSON.stringify(match), match])).values()];
};

const clausesOf = (expression: Expression, isNegated: boolean): Clause[] => {
  if (expression.type === 'matcher') return [[{ condition: conditionOf(expression), isNegated }]];
  if (expression.type === 'not') return clausesOf(expression.of, !isNegated);
  const parts = expression.all.map(each => clausesOf(each, isNegated));
  // De Morgan: what must not hold together, must not hold here or there.
  return (expression.type === 'or') === isNegated ? parts.reduce(product) : bounded(parts.flat());
};

const product = (left: readonly Clause[], right: readonly Clause[]): Clause[] => {
  if (left.length * right.length > MOST_CLAUSES) return bounded(Array(MOST_CLAUSES + 1).fill([]));
  return bounded(left.flatMap(a => right.map(b => [...a, ...b])));
};

const bounded = (clauses: Clause[]): Clause[] => {
  if (clauses.length > MOST_CLAUSES || clauses.some(({ length }) => length > MOST_LITERALS)) {
    throw new RuleSyntaxError(
      `the rule takes more than ${MOST_CLAUSES} simple ones; write it as several routers`,
      0,
    );
  }
  return clauses;
};

const matchOf = (clause: Clause): Match => {
  const asked = unique(clause.filter(({ isNegated }) => !isNegated)).sort((a, b) => rank(a) - rank(b));
  const refused = unique(clause.filter(({ isNegated }) => isNegated));
  let match: Condition = {};
  const also: Match[] = [];
  for (const condition of asked) {
    if (Object.keys(condition).some(key => key in match && !LISTS.has(key))) also.push(whole(condition));
    else match = joined(match, condition);
  }
  return {
    ...whole(match),
    ...(also.length === 0 ? {} : { also }),
    ...(refused.length === 0 ? {} : { unless: refused.map(whole) }),
  };
};

const LISTS: ReadonlySet<string> = new Set(['headers', 'query']);

const joined = (match: Condition, { headers, query, ...rest }: Condition): Condition => ({
  ...match,
  ...rest,
  ...(headers === undefined ? {} : { headers: [...(match.headers ?? []), ...headers] }),
  ...(query === undefined ? {} : { query: [...(match.query ?? []), ...query] }),
});

const whole = (condition: Condition): Match => ({ kind: 'prefix', path: '/', ...condition });

const unique = (literals: readonly Literal[]): Condition[] => [
  ...new Map(literals.map(({ condition }) => [JSON.stringify(condition), condition])).values(),
];

/** Of several paths, the one that leaves least is looked up; the others are judged after it. */
const rank = ({ kind, path = '' }: Condition): number => {
  if (kind === 'exact') return 0;
  if (kind === 'text') return 1 + 1 / (1 + path.length);
  return kind === 'regex' ? 3 : 4;
};
