import type { Rule } from './model/rule.ts';

/** How one list of rules differs from another. */
export interface RuleChanges {
  readonly gone: ReadonlySet<Rule>;
  readonly come: readonly Rule[];
}

/**
 * What lies between the first and the last difference: of thousands of rules mostly those of one service change, and they lie
 * together. A rule that was moved within has both gone and come.
 */
export const changesOf = (before: readonly Rule[], after: readonly Rule[]): RuleChanges => {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before[start] === after[start]) start += 1;
  let same = 0;
  while (same < shorter - start && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  return {
    gone: new Set(before.slice(start, before.length - same)),
    come: after.slice(start, after.length - same),
  };
};
