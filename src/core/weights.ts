/** Changing weights: how versions and weights are spelled, who changes them and why, and what is kept of it. */

const VERSION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Whether a text can be the name of a version, in a tag as in the weights. */
export const isVersionName = (text: string): boolean => VERSION.test(text);

/** Above this a weight is taken for a mistake; sums of weights stay exact far below 2^53. */
export const MAX_WEIGHT = 1_000_000_000;

/** Of one service. A hash with more fields is no weights: it is neither read nor entered into the ledger. */
export const MAX_VERSIONS = 1_000;

/** A weight as people type it, or undefined when it is none: no NaN, sign, infinity, hex or blank. */
export const readWeight = (text: string): number | undefined => {
  if (!/^(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,2})?$/i.test(text)) return undefined;
  const n = Number(text);
  return n <= MAX_WEIGHT ? n : undefined;
};

/** Who turned the dial: our command line, the admin API, the canary controller, or somebody's redis-cli. */
export type ChangeSource = 'cli' | 'api' | 'canary' | 'hand';

/** Why a change is made, for the ledger. */
export interface Change {
  /** Who, at most 100 characters. */
  readonly actor: string;
  /** At most 500 characters. */
  readonly reason?: string;
  readonly source: Exclude<ChangeSource, 'hand'>;
}

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
  readonly source: ChangeSource;
  readonly from: WrittenWeights;
  readonly to: WrittenWeights;
}

/** Entries that are kept of each service; Redis keeps a few more (`XADD … MAXLEN ~`). */
export const LEDGER_LENGTH = 1_000;

/**
 * What went wrong with a command of a weight store: `refused` for input that can't be right, however often it is
 * tried; `unavailable` where the store is away or would not do it now.
 */
export class WeightsError extends Error {
  readonly code: 'refused' | 'unavailable';

  /** @param message ends with a hint for the operator */
  constructor(code: WeightsError['code'], message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'WeightsError';
    this.code = code;
  }
}
