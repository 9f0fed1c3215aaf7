import type { ChangeSource, Freeze, LedgerEntry, Revert, WrittenWeights } from '../core/model/weights.ts';

const SOURCES: readonly string[] = ['cli', 'api', 'canary', 'hand', 'gateway'] satisfies ChangeSource[];

/**
 * Reads an entry of the stream.
 *
 * @param fields name, value, name, value …
 * @returns undefined where it is not one of ours (somebody's XADD)
 */
export const parseEntry = (fields: readonly string[]): LedgerEntry | undefined => {
  const named = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) named.set(fields[i] ?? '', fields[i + 1] ?? '');
  const revision = Number(named.get('revision'));
  const at = Number(named.get('at'));
  const from = parseWritten(named.get('from'));
  const to = parseWritten(named.get('to'));
  const source = named.get('source') ?? '';
  const reason = named.get('reason') ?? '';
  if (!(Number.isSafeInteger(revision) && revision > 0 && Number.isSafeInteger(at) && at > 0))
    return undefined;
  if (from === undefined || to === undefined || !isSource(source)) return undefined;
  const actor = named.get('actor') ?? 'unknown';
  const action = named.get('action');
  const reverts = parseRevert(named.get('until'), named.get('back'));
  const frozen = parseFreeze(named.get('frozen'));
  return {
    ...{ revision, at, actor, source, from, to },
    ...(reason === '' ? {} : { reason }),
    ...(action === 'freeze' || action === 'unfreeze' ? { action } : {}),
    ...(reverts === undefined ? {} : { reverts }),
    ...(frozen === undefined ? {} : { frozen }),
  };
};

const parseRevert = (until: string | undefined, back: string | undefined): Revert | undefined => {
  const at = Number(until);
  const to = parseWritten(back);
  return Number.isSafeInteger(at) && to !== undefined ? { at, to } : undefined;
};

const parseFreeze = (json: string | undefined): Freeze | undefined => {
  if (json === undefined) return undefined;
  try {
    const { by, reason, since } = JSON.parse(json) as Record<string, unknown>;
    if (typeof by !== 'string' || typeof since !== 'number') return undefined;
    return { by, since, ...(typeof reason === 'string' && reason !== '' ? { reason } : {}) };
  } catch {
    return undefined;
  }
};

const isSource = (text: string): text is ChangeSource => SOURCES.includes(text);

const parseWritten = (json: string | undefined): WrittenWeights | undefined => {
  try {
    const parsed: unknown = JSON.parse(json ?? '');
    return isWritten(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
};

const isWritten = (value: unknown): value is WrittenWeights =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(each => typeof each === 'string');
