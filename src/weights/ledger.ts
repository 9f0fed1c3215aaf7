import type { ChangeSource, LedgerEntry, WrittenWeights } from '../core/weights.ts';

const SOURCES: readonly string[] = ['cli', 'api', 'canary', 'hand'] satisfies ChangeSource[];

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
  return { revision, at, actor, ...(reason === '' ? {} : { reason }), source, from, to };
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
