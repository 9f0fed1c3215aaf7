/** The JSON about weights, under the promise of `api.ts`. */

import type { ServiceWeights, SplitSource } from '../core/model/split.ts';
import type { LedgerEntry } from '../core/model/weights.ts';

/**
 * `GET /api/weights`. With `?index=N&wait=30s` the answer waits until the weights are past index N, as Consul's
 * blocking queries do; the index is also the header `X-Sluice-Index`.
 */
export interface WeightsAnswer {
  readonly index: number;
  readonly services: Readonly<Record<string, ServiceWeightsAnswer>>;
}

export interface ServiceWeightsAnswer {
  /** As set; absent where nobody set any. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly revision: number;
  readonly problem?: string;
  /** They were set for a time: when they go back (ISO 8601), and what to. */
  readonly reverts?: { readonly at: string; readonly to: Readonly<Record<string, string>> };
  readonly frozen?: FreezeAnswer;
  /** The split in force over versions with live instances; shares in [0, 1]. */
  readonly split?: { readonly source: SplitSource; readonly shares: Readonly<Record<string, number>> };
}

export interface FreezeAnswer {
  readonly by: string;
  readonly reason?: string;
  /** ISO 8601. */
  readonly since: string;
}

/**
 * Body of `PUT /api/weights/SERVICE/freeze`; `DELETE` of it, which unfreezes, takes the same in the query. Refused with
 * 409 where `expectRevision` is not the last entry's, and 423 while the weights are frozen.
 */
export interface WeightsAct {
  /** At most 500 characters. */
  readonly reason?: string;
  /** At most 100 characters (default `api`). */
  readonly actor?: string;
  /** Of the last entry; 0 where there is none. */
  readonly expectRevision?: number;
}

/** Body of `PUT /api/weights/SERVICE`; `DELETE` of it takes all but the weights in the query. */
export interface WeightsChange extends WeightsAct {
  readonly weights: Readonly<Record<string, number>>;
  /** Goes back by itself after this time, e.g. `30m`. */
  readonly for?: string;
}

/** Answer to whatever changes weights or freezes them: the ledger's new entry. */
export interface LedgerEntryAnswer {
  readonly revision: number;
  /** ISO 8601. */
  readonly at: string;
  readonly actor: string;
  readonly reason?: string;
  /** `cli`, `api`, `hand` (somebody's redis-cli), … */
  readonly source: string;
  /** `freeze`, `unfreeze`; absent for a change of the weights. */
  readonly action?: string;
  /** version -> weight exactly as it was written; empty where there was none. */
  readonly from: Readonly<Record<string, string>>;
  readonly to: Readonly<Record<string, string>>;
  /** Goes back by itself, unless another entry comes first. */
  readonly reverts?: { readonly at: string; readonly to: Readonly<Record<string, string>> };
  /** So are the weights after this entry. */
  readonly frozen?: FreezeAnswer;
}

/** `GET /api/weights/SERVICE/history?count=20`, the newest first. */
export interface HistoryAnswer {
  readonly entries: readonly LedgerEntryAnswer[];
}

/** What a store knows of a service, without the split: the command line says the same of what it reads in Redis. */
export const weightsAnswer = ({
  weights,
  revision,
  problem,
  ...rules
}: ServiceWeights): ServiceWeightsAnswer => ({
  ...(weights === undefined ? {} : { weights: Object.fromEntries(weights) }),
  revision,
  ...(problem === undefined ? {} : { problem }),
  ...rulesAnswer(rules),
});

export const entryAnswer = ({ at, reverts, frozen, ...entry }: LedgerEntry): LedgerEntryAnswer => ({
  ...entry,
  at: iso(at),
  ...rulesAnswer({
    ...(reverts === undefined ? {} : { reverts }),
    ...(frozen === undefined ? {} : { frozen }),
  }),
});

const rulesAnswer = ({
  reverts,
  frozen,
}: Pick<ServiceWeights, 'reverts' | 'frozen'>): Pick<ServiceWeightsAnswer, 'reverts' | 'frozen'> => ({
  ...(reverts === undefined ? {} : { reverts: { ...reverts, at: iso(reverts.at) } }),
  ...(frozen === undefined ? {} : { frozen: { ...frozen, since: iso(frozen.since) } }),
});

const iso = (epochMs: number): string => new Date(epochMs).toISOString();
