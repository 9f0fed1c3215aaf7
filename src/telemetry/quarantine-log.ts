import type { Quarantined } from '../core/model/quarantine.ts';
import { keyOf, severityOf } from '../core/rules/quarantine.ts';
import type { Log } from './log.ts';

/** Names each problem when it begins or has another reason, and when it ends: never once for each swap. */
export const logQuarantine = (
  log: Log,
  revision: number,
  previous: readonly Quarantined[],
  next: readonly Quarantined[],
): void => {
  const known = new Set(previous.map(withReason));
  const lasting = new Set(next.map(keyOf));
  for (const entry of next) {
    if (known.has(withReason(entry))) continue;
    log.warn({ revision, ...told(entry) }, WARNINGS[entry.kind] ?? 'quarantined');
  }
  for (const entry of previous) {
    if (lasting.has(keyOf(entry)) || severityOf(entry) === 'warning') continue;
    log.info({ revision, ...told(entry) }, 'out of quarantine');
  }
};

const WARNINGS: Readonly<Partial<Record<Quarantined['kind'], string>>> = {
  typo: 'a tag may be mistyped',
  unshared: 'a rate limit is not shared',
};

const withReason = (entry: Quarantined): string => `${keyOf(entry)}\n${entry.reason}`;

const told = ({ since, ...problem }: Quarantined): object => ({
  ...problem,
  since: new Date(since).toISOString(),
});
