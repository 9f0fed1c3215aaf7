import type { Match } from '../model/match.ts';
import { compareOrigins } from '../model/origin.ts';
import type { Rule } from '../model/rule.ts';

/**
 * Which of two rules a request goes to that fits both: the Gateway API's order (HTTPRouteSpec.Hostnames and
 * HTTPRouteRule.Matches), which leaves to implementations where expressions stand, and knows no host by expression, no
 * number and no further conditions. `unless` counts for nothing. See docs/routing.md.
 */
export const compareMatches = (a: Match, b: Match): number => {
  for (const rank of RANKS) {
    const difference = rank(b) - rank(a);
    if (difference !== 0) return difference;
  }
  return 0;
};

/** The same for rules: where their matches rank alike, where they come from decides. @returns below 0 where `a` is first */
export const compareRules = (a: Rule, b: Rule): number =>
  compareMatches(a.match, b.match) ||
  compareOrigins(a.origin, b.origin) ||
  // Of one rule of a document, or of one service: either would do, but all processes do the same.
  (a.id < b.id ? -1 : 1);

/** In this order, the higher first. */
const RANKS: readonly ((match: Match) => number)[] = [
  ({ priority = 0 }) => priority,
  ({ host }) => (host === undefined ? 0 : host.startsWith('*.') ? host.length : LONGER_THAN_ANY_HOST),
  ({ hostRegex = '' }) => hostRegex.length,
  ({ kind }) => (kind === 'exact' ? 2 : kind === 'regex' ? 1 : 0),
  ({ path }) => path.length,
  ({ method }) => (method === undefined ? 0 : 1),
  ({ headers = [] }) => headers.length,
  ({ query = [] }) => query.length,
  ({ scheme, addresses, also = [] }) =>
    (scheme === undefined ? 0 : 1) + (addresses === undefined ? 0 : 1) + also.length,
];

const LONGER_THAN_ANY_HOST = 1_000;
