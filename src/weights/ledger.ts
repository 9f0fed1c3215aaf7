/** Who turned the dial: our command line, the admin API, the canary controller, or somebody's redis-cli. */
export type Source = 'cli' | 'api' | 'canary' | 'hand';

/** version -> weight, exactly as it was written; empty where there was none. */
export type WrittenWeights = Readonly<Record<string, string>>;

/** One change of the weights of one service. Entries are never altered. */
export interface LedgerEntry {
  /** 1 for the first, then without gaps. Begins anew when Redis was wiped. */
  readonly revision: number;
  /** Epoch milliseconds by the clock of the store. */
  readonly at: number;
  /** `unknown` for a change by hand. */
  readonly actor: string;
  readonly reason?: string;
  readonly source: Source;
  readonly from: WrittenWeights;
  readonly to: WrittenWeights;
}

const SOURCES: readonly string[] = ['cli', 'api', 'canary', 'hand'] satisfies Source[];

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

const isSource = (text: string): text is Source => SOURCES.includes(text);

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
