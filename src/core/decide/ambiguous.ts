import { matchRoute, type RouteTable } from '../match/match.ts';
import { otherReadings } from '../readings.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { Route } from '../route/route.ts';
import { pinByPath, withPath } from './pin.ts';

/**
 * Whether some server behind would read the path as one that another rule is for, so that what guards that rule would be
 * passed by. A rule that has an escape in its own path means that spelling.
 *
 * @param found the rule of the path as it stands
 */
export const isAmbiguous = (
  table: RouteTable,
  facts: RequestFacts,
  found: Route | undefined,
  pinsByPath: boolean,
): boolean => {
  const readings = otherReadings(facts.path);
  if (readings.length === 0 || (found !== undefined && MEANS_ESCAPES.test(found.rule.match.path)))
    return false;
  return readings.some(reading => routeOf(table, withPath(facts, reading), pinsByPath) !== found);
};

const MEANS_ESCAPES = /%[2-7]/;

const routeOf = (table: RouteTable, facts: RequestFacts, pinsByPath: boolean): Route | undefined => {
  const literal = matchRoute(table, facts);
  return (pinsByPath ? pinByPath(table, facts, literal)?.route : undefined) ?? literal;
};
