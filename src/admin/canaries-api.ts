/** The JSON about rollouts, under the promise of `api.ts`. */

/** `GET /api/canaries`: the newest rollout of each service. */
export interface CanariesAnswer {
  readonly canaries: readonly CanaryAnswer[];
}

/** `GET /api/canaries/SERVICE`, and the answer to its `PUT`s. Times are ISO 8601, shares and rates in [0, 1]. */
export interface CanaryAnswer {
  readonly service: string;
  /** Names it in the ledger: `canary ID`. */
  readonly id: string;
  readonly to: string;
  /** `new` until a gateway has begun it; `asking` whether the next step may begin; `turning` the dial. */
  readonly phase: 'new' | 'asking' | 'turning' | 'watching' | 'over';
  /** `overtaken`: somebody else changed the weights, which stay as they set them. */
  readonly outcome?: 'promoted' | 'rolled back' | 'aborted' | 'overtaken' | 'refused';
  readonly why?: string;
  /** The one in force, from 1; 0 before the first. */
  readonly step: number;
  /** In percent. */
  readonly steps: readonly number[];
  /** What the version has by the step in force. */
  readonly share: number;
  readonly startedAt: string;
  readonly startedBy: string;
  readonly reason?: string;
  readonly stepAt: string;
  readonly stepSeconds: number;
  readonly everySeconds: number;
  readonly limits: {
    readonly maxErrorRate: number;
    readonly maxP99Ratio: number;
    readonly minRequests: number;
  };
  /** As all gateways together saw them since the step began. */
  readonly canary: VersionRates;
  readonly stable: VersionRates;
  readonly verdict: { readonly outcome: 'breach' | 'sound' | 'inconclusive'; readonly text: string };
  /** What comes next and when, for people. */
  readonly next: string;
  readonly paused?: SaidAnswer;
  /** What somebody wants of it that is not done yet. */
  readonly wish?: SaidAnswer & { readonly kind: 'promote' | 'abort' };
  /** A veto, a freeze. */
  readonly obstacle?: string;
  /** What is about to be set. */
  readonly turn?: { readonly weights: Readonly<Record<string, number>>; readonly why: string };
  /** Messages that the `after` webhook was not brought yet. */
  readonly owed?: number;
  /** The oldest first. */
  readonly story: readonly { readonly at: string; readonly text: string }[];
}

export interface SaidAnswer {
  readonly actor: string;
  readonly at: string;
  readonly reason?: string;
}

export interface VersionRates {
  readonly versions: readonly string[];
  readonly requests: number;
  /** Failures of the upstream, and answers with a status of 500 or more. */
  readonly errors: number;
  readonly errorRate: number;
  /** Absent where nothing was measured. */
  readonly p99Seconds?: number;
}
