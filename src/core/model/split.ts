import type { Freeze, Revert } from './weights.ts';

/** version -> weight, as the operator gave it: finite numbers >= 0, read as shares of their sum. */
export type Weights = ReadonlyMap<string, number>;

/** What a weight store knows of one service. */
export interface ServiceWeights {
  /** In force; absent where neither Redis nor the memory names any (tags or instance counts decide then). */
  readonly weights?: Weights;
  /** Ledger revision of these weights; 0 where there is no ledger. */
  readonly revision: number;
  /** Why the stored value is not what is in force, in one line for the operator. */
  readonly problem?: string;
  /** They were set for a time, and what comes then. */
  readonly reverts?: Revert;
  readonly frozen?: Freeze;
}

/** Service name -> what the weight store knows of it. */
export type AllWeights = ReadonlyMap<string, ServiceWeights>;

/** Where the shares of a split come from. */
export type SplitSource =
  | 'weights' // the operator's: the hash in Redis, or the memory of `sluice dev`
  | 'tags' // `weight=` tags
  | 'instances' // no weights anywhere: every live instance has an equal share
  | 'unnamed' // every version the hash gives a share to is dead: live versions it does not name serve
  | 'document'; // a route document names the version

/** The share of traffic of one version, in [0, 1]. */
export interface Share {
  readonly version: string;
  readonly share: number;
}

/** The share of traffic that each version of a service gets; shares sum to 1, or to 0 when none may serve. */
export interface Split {
  readonly source: SplitSource;
  readonly shares: readonly Share[];
}
