import type { Fleet } from '../balance/fleet.ts';
import { explainMatch, type MatchExplained } from '../match/explain-match.ts';
import type { RouteTable } from '../match/match.ts';
import type { RequestFacts } from '../request-facts.ts';
import { decide, isDecision, isGated, type Passed } from './decide.ts';
import { atEntrance, type HttpsRedirect } from './entrance.ts';
import type { Picking } from './picking.ts';

/** Why a request goes where it goes. */
export interface Explanation {
  /** Of a request that may pass, where somebody is asked first. */
  readonly outcome: Passed;
  /** What its rule was looked for by: the path without a pinned version in front. */
  readonly path: string;
  readonly match: MatchExplained;
}

/**
 * Decides as the data path does, by the same code, and tells what it went by. What is drawn by chance is drawn anew each
 * time.
 *
 * @param now monotonic milliseconds
 * @param chance draws from [0, 1)
 */
export const explain = (
  table: RouteTable,
  facts: RequestFacts,
  fleet: Fleet,
  now: number,
  chance: () => number,
  picking: Picking,
  httpsRedirect?: HttpsRedirect,
): Explanation => {
  const asked = atEntrance(facts, httpsRedirect) ?? decide(table, facts, fleet, now, chance, picking);
  const outcome = isGated(asked) ? asked.decide(facts, now) : asked;
  const path = (isDecision(outcome) ? outcome.rulePath : undefined) ?? facts.path;
  return { outcome, path, match: explainMatch(table, path === facts.path ? facts : withPath(facts, path)) };
};

const withPath = (facts: RequestFacts, path: string): RequestFacts => ({
  host: facts.host,
  path,
  method: facts.method,
  scheme: facts.scheme,
  header: name => facts.header(name),
  query: name => facts.query(name),
  ...(facts.clientAddress === undefined ? {} : { clientAddress: facts.clientAddress }),
});
