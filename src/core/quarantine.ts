import type { Problem, Quarantined } from './model.ts';

/**
 * Problems with since when they last, by whose they are and what they are about.
 *
 * @param now epoch milliseconds
 */
export const quarantineOf = (
  problems: readonly Problem[],
  previous: readonly Quarantined[],
  now: number,
): Quarantined[] => {
  const known = new Map(previous.map(entry => [keyOf(entry), entry]));
  return problems.map(problem => ({ ...problem, since: known.get(keyOf(problem))?.since ?? now }));
};

/** Not by its reason: that names others, who may change while the problem stays. */
const keyOf = ({ kind, owner, instance = '', subject }: Problem): string =>
  [kind, owner, instance, subject].join('\n');
