import type { Rule } from '../model/rule.ts';

/** How one list of rules differs from another. */
export interface RuleChanges {
  readonly gone: ReadonlySet<Rule>;
  readonly come: readonly Rule[];
}

/**
 * Of thousands of rules mostly those of one service change, and they lie together: what is looked at is what lies between
 * the first and the last difference. A rule that was moved has neither gone nor come: its precedence is its own.
 */
export const changesOf = (before: readonly Rule[], after: readonly Rule[]): RuleChanges => {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before[start] === after[start]) start += 1;
  let same = 0;
  while (same < shorter - start && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  const gone = new Set(before.slice(start, before.length - same));
  const come: Rule[] = [];
  for (let i = start; i < after.length - same; i += 1) {
    const rule = after[i] as Rule;
    if (!gone.delete(rule)) come.push(rule);
  }
  return { gone, come };
};
