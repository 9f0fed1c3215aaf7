import type { Problem, Quarantined } from '../model/quarantine.ts';

/** Since when each problem lasts, in epoch milliseconds, by whose it is and what it is about. */
export type Since = ReadonlyMap<string, number>;

export const sinceOf = (quarantine: readonly Quarantined[]): Since =>
  new Map(quarantine.map(entry => [keyOf(entry), entry.since]));

/**
 * Problems with since when they last.
 *
 * @param now epoch milliseconds
 */
export const quarantineOf = (
  problems: readonly Problem[],
  known: Since | undefined,
  now: number,
): Quarantined[] => problems.map(problem => ({ ...problem, since: known?.get(keyOf(problem)) ?? now }));

/** Something is not in force; a warning only tells of what looks wrong, and may be meant. */
export const severityOf = ({ kind }: Problem): 'error' | 'warning' =>
  kind === 'typo' || kind === 'unshared' ? 'warning' : 'error';

/** The same for as long as a problem lasts. Not by its reason: that names others, who may change meanwhile. */
export const keyOf = ({ kind, owner, instance = '', subject }: Problem): string =>
  [kind, owner, instance, subject].join('\n');
