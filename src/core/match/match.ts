import type { Rule } from '../model/rule.ts';
import type { RequestFacts } from '../request-facts.ts';
import { firstTaking, type Route } from '../route/route.ts';
import { HostTable } from './host-table.ts';
import { compareRules } from './precedence.ts';

/**
 * Rules arranged for look-up: host -> path -> rest. Built once per snapshot, read by every request. Which of several rules
 * that fit a request is found, core/precedence says.
 */
export interface RouteTable {
  readonly rules: HostTable;
  /** Those that rank by a number: tried where none of the others takes the request. */
  readonly numbered: HostTable | undefined;
}

/**
 * @param rules at most one of each match
 * @param before the table before: what is made of the same Rule objects is used again, and goes on counting where it did
 */
export const compileRoutes = (rules: readonly Rule[], before?: RouteTable): RouteTable => {
  const numbered = rules.filter(hasNumber);
  const usual = numbered.length === 0 ? rules : rules.filter(rule => !hasNumber(rule));
  return {
    rules: new HostTable(usual, before?.rules),
    numbered: numbered.length === 0 ? undefined : new HostTable(numbered, before?.numbered),
  };
};

const hasNumber = ({ match }: Rule): boolean => match.priority !== undefined;

/** The rule that a request goes to. Work is bounded by the length of what the client sent and by what rules ask for. */
export const matchRoute = ({ rules, numbered }: RouteTable, facts: RequestFacts): Route | undefined =>
  rules.find(facts) ?? (numbered === undefined ? undefined : firstByNumber(numbered, facts));

/** A number stands above host and path, so all that fit are looked at. */
const firstByNumber = (table: HostTable, facts: RequestFacts): Route | undefined => {
  let best: Route | undefined;
  for (const first of table.fitting(facts)) {
    const taking = firstTaking(first, facts);
    if (taking !== undefined && (best === undefined || compareRules(taking.rule, best.rule) < 0))
      best = taking;
  }
  return best;
};
