const SLOTS = 10;
const SLOT = 1_000;

export interface BudgetSettings {
  /** Retries per request, over 10 s. */
  readonly share: number;
  /** Retries a second that are always there, so that few requests don't mean none. */
  readonly perSecond: number;
}

/**
 * How many retries the requests of the last 10 s pay for (Finagle's and linkerd's `RetryBudget`): retries heal one
 * bad instance, and must not multiply the load when all are bad. Times are monotonic milliseconds.
 */
export class RetryBudget {
  readonly #settings: BudgetSettings;
  readonly #requests = new Array<number>(SLOTS).fill(0);
  readonly #retries = new Array<number>(SLOTS).fill(0);
  #slot = 0;
  /** Retries since the start, and those that were asked for and not granted. */
  granted = 0;
  refused = 0;

  constructor(settings: BudgetSettings) {
    this.#settings = settings;
  }

  /** Once a request. */
  deposit(now: number): void {
    const at = this.#slide(now);
    this.#requests[at] = (this.#requests[at] as number) + 1;
  }

  /** @returns whether there may be a retry; it is spent then */
  spend(now: number): boolean {
    const at = this.#slide(now);
    const { share, perSecond } = this.#settings;
    const allowed = share * sum(this.#requests) + perSecond * ((SLOTS * SLOT) / 1_000);
    if (sum(this.#retries) + 1 > allowed) {
      this.refused += 1;
      return false;
    }
    this.#retries[at] = (this.#retries[at] as number) + 1;
    this.granted += 1;
    return true;
  }

  /** @returns where the present second is counted; seconds that are over for 10 are cleared */
  #slide(now: number): number {
    const slot = Math.max(this.#slot, Math.floor(now / SLOT));
    for (let passed = Math.max(this.#slot, slot - SLOTS) + 1; passed <= slot; passed++) {
      this.#requests[passed % SLOTS] = 0;
      this.#retries[passed % SLOTS] = 0;
    }
    this.#slot = slot;
    return slot % SLOTS;
  }
}

const sum = (counts: readonly number[]): number => {
  let total = 0;
  for (const count of counts) total += count;
  return total;
};
