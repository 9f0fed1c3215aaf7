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

/**
 * Who turned the dial: our command line, the admin API, the canary controller, somebody's redis-cli, or the gateways
 * on behalf of an earlier change: its time was over, or it had frozen the weights and a hand turned them.
 */
export type ChangeSource = 'cli' | 'api' | 'canary' | 'hand' | 'gateway';

/** Who does something with the weights and why, for the ledger. */
export interface Act {
  /** Who, at most 100 characters. */
  readonly actor: string;
  /** At most 500 characters. */
  readonly reason?: string;
  readonly source: Exclude<ChangeSource, 'hand' | 'gateway'>;
  /** Only if this is the revision of the last entry, 0 for none; else it is refused with `conflict`. */
  readonly expectRevision?: number;
  /** Only while this is so; else it is refused with `fenced`. */
  readonly fence?: Fence;
}

/** A change of the weights. */
export interface Change extends Act {
  /**
   * In milliseconds, 1 s to 20 days: after it the gateways go back to what was before, or before the first of several
   * such changes in a row. Any change in between cancels that, and so does a freeze.
   */
  readonly forMs?: number;
}

/** A lock in Redis that its holder may have lost without knowing. The memory store, which has one user, passes it over. */
export interface Fence {
  /** The whole key, prefix included. */
  readonly key: string;
  /** What the key must hold. */
  readonly token: string;
}

/** version -> weight, exactly as it was written; empty where there was none. */
export type WrittenWeights = Readonly<Record<string, string>>;

/** Weights that were set for a time. */
export interface Revert {
  /** When they go back: epoch milliseconds by the clock of the store. */
  readonly at: number;
  /** What to. */
  readonly to: WrittenWeights;
}

/** Weights that nobody may change. */
export interface Freeze {
  /** Who froze them. */
  readonly by: string;
  readonly reason?: string;
  /** Epoch milliseconds by the clock of the store. */
  readonly since: number;
}

/** One change of the weights of one service, or of what may be done with them. Entries are never altered. */
export interface LedgerEntry {
  /** 1 for the first, then without gaps. Begins anew when Redis was wiped. */
  readonly revision: number;
  /** Epoch milliseconds by the clock of the store. */
  readonly at: number;
  /** `unknown` for a change by hand; for one by the gateways, whoever asked for it. */
  readonly actor: string;
  readonly reason?: string;
  readonly source: ChangeSource;
  /** Absent for a change of the weights. */
  readonly action?: 'freeze' | 'unfreeze';
  readonly from: WrittenWeights;
  readonly to: WrittenWeights;
  /** Holds as long as this is the last entry. */
  readonly reverts?: Revert;
  /** So are the weights after this entry. */
  readonly frozen?: Freeze;
}

/** Entries that are kept of each service; Redis keeps a few more (`XADD … MAXLEN ~`). */
export const LEDGER_LENGTH = 1_000;

/**
 * What went wrong with a command of a weight store: `refused` for input that can't be right, however often it is
 * tried; `unavailable` where the store is away or would not do it now; `conflict` where the last entry was not the
 * expected one; `frozen` until somebody unfreezes; `fenced` where the fence did not hold.
 */
export class WeightsError extends Error {
  readonly code: 'refused' | 'unavailable' | 'conflict' | 'frozen' | 'fenced';
  /** The last entry of the ledger, where the state of the service is the reason and there is one. */
  readonly entry?: LedgerEntry;

  /** @param message ends with a hint for the operator */
  constructor(
    code: WeightsError['code'],
    message: string,
    { cause, entry }: { cause?: unknown; entry?: LedgerEntry | undefined } = {},
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'WeightsError';
    this.code = code;
    if (entry !== undefined) this.entry = entry;
  }
}
