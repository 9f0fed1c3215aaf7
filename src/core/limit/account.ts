/** On what terms something is counted. */
export interface Terms {
  /** What one request costs, in milliseconds. */
  readonly interval: number;
  /** How much may be owed, in milliseconds: as many requests at once as it has intervals. */
  readonly depth: number;
  /** Whether all gateways count together. */
  readonly isShared: boolean;
}

/**
 * What one caller, or all of a rule, owe: the generic cell rate algorithm (ITU-T I.371, annex A), by its virtual schedule.
 * Each request that is let pass costs an interval of time, and time pays it back. Times are monotonic milliseconds.
 */
export class Account {
  readonly name: string;
  readonly terms: Terms;
  /** When nothing is owed any more; the theoretical arrival time of the algorithm. */
  paidAt = 0;
  /** Requests that the authority has not been told of. */
  untold = 0;
  /** The authority was not there for what happened last: what it knows is less than what is true. */
  isApart = false;
  /** Among those to be told of. */
  isWaiting = false;

  constructor(name: string, terms: Terms) {
    this.name = name;
    this.terms = terms;
  }

  debt(now: number): number {
    return this.paidAt > now ? this.paidAt - now : 0;
  }

  /** At least so much is owed. @param paidAt when it is paid back */
  raise(paidAt: number): void {
    if (paidAt > this.paidAt) this.paidAt = paidAt;
  }

  /** At most so much is owed. */
  lower(paidAt: number): void {
    if (paidAt < this.paidAt) this.paidAt = paidAt;
  }

  /** @param cost in milliseconds */
  debit(cost: number, now: number): void {
    this.paidAt = Math.max(this.paidAt, now) + cost;
  }
}

/** Milliseconds by which sums of intervals may be off. */
const ROUNDING = 1e-3;

/** Whether one more request may pass. */
export const hasRoom = (debt: number, cost: number, { depth }: Terms): boolean =>
  // Where a request costs more than all that may be owed, one may still pass when nothing is.
  debt + cost <= depth + ROUNDING || debt === 0;
