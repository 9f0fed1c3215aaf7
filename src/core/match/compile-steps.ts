import type { Rule } from '../model/rule.ts';
import { compileRoutes, type RouteTable } from './match.ts';
import { changesOf } from './rule-changes.ts';

/** So many new rules take some ten milliseconds in a process that has just begun, and one where the code is warm. */
const RULES_A_STEP = 200;

export interface Compiled {
  readonly rules: readonly Rule[];
  readonly table: RouteTable;
}

/**
 * As `compileRoutes`, in steps before each of which others may have their turn: each makes a table of some more of the new
 * rules, out of which the next one is made. A small change is made at once, and the first table, too: nobody is served yet.
 *
 * @returns the table of all
 */
export function* compileInSteps(
  rules: readonly Rule[],
  before: Compiled | undefined,
): Generator<void, RouteTable> {
  if (before === undefined) return compileRoutes(rules);
  const { come, gone } = changesOf(before.rules, rules);
  let { table } = before;
  // Whoever brings so much has just worked on it for a while.
  if (come.length + gone.size > RULES_A_STEP) yield;
  for (let end = RULES_A_STEP; end < come.length; end += RULES_A_STEP) {
    const later = new Set(come.slice(end));
    table = compileRoutes(
      rules.filter(rule => !later.has(rule)),
      table,
    );
    yield;
  }
  return compileRoutes(rules, table);
}
