import type { RequestFacts } from '../request-facts.ts';
import { missing } from '../route/conditions.ts';
import { type Route, routesFrom } from '../route/route.ts';
import type { HostTable } from './host-table.ts';
import type { RouteTable } from './match.ts';
import { compareRules } from './precedence.ts';

/** A rule whose host and path fit a request. */
export interface Candidate {
  readonly route: Route;
  /** The condition that does not hold; absent where the rule would take the request. */
  readonly missing?: string;
}

export interface MatchExplained {
  /** In order of precedence; the first without anything missing is the rule. */
  readonly candidates: readonly Candidate[];
  /** There are more of them. */
  readonly isCut: boolean;
}

const MOST_CANDIDATES = 100;

/** Which rules a request meets, by what `matchRoute` looks them up in. */
export const explainMatch = ({ rules, numbered }: RouteTable, facts: RequestFacts): MatchExplained => {
  const fitting = [...routesOf(rules, facts), ...(numbered === undefined ? [] : byNumber(numbered, facts))];
  return {
    candidates: fitting.slice(0, MOST_CANDIDATES).map(route => {
      const lacks = route.conditions && missing(route.conditions, facts);
      return lacks === undefined ? { route } : { route, missing: lacks.text };
    }),
    isCut: fitting.length > MOST_CANDIDATES,
  };
};

const routesOf = (table: HostTable, facts: RequestFacts): Route[] => table.fitting(facts).flatMap(routesFrom);

const byNumber = (table: HostTable, facts: RequestFacts): Route[] =>
  routesOf(table, facts).sort((a, b) => compareRules(a.rule, b.rule));
