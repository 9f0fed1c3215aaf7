import type { RateLimit } from './rate-limit.ts';

/** What the limits of a rule say of one request: what the one says that leaves least. */
export class Verdict {
  readonly limit: RateLimit;
  /** All of the rule's. */
  readonly limits: readonly RateLimit[];
  readonly isAdmitted: boolean;
  /** Requests that may still pass. */
  readonly remaining: number;
  /** Milliseconds until one may pass where none remains; else until nothing is owed any more. */
  readonly reset: number;

  /** @param debt milliseconds, with this request's @param cost milliseconds of one more */
  constructor(
    limits: readonly RateLimit[],
    limit: RateLimit,
    isAdmitted: boolean,
    debt: number,
    cost: number,
  ) {
    this.limit = limit;
    this.limits = limits;
    this.isAdmitted = isAdmitted;
    this.remaining = isAdmitted ? Math.max(0, Math.floor((limit.depth - debt) / cost + ROUNDING)) : 0;
    this.reset = this.remaining > 0 ? debt : Math.max(0, debt + Math.min(cost - limit.depth, 0));
  }

  /** Whole ones, at least 1: a second too early is too early. */
  get resetSeconds(): number {
    return Math.max(1, Math.ceil(this.reset / 1_000));
  }
}

const ROUNDING = 1e-6;
