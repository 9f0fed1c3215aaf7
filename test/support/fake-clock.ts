/** A clock that stands still until it is turned. Fits every interface of ours that asks for `now` and `after`. */
export class FakeClock {
  #now: number;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  constructor(now = 0) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  readonly wall = (): number => this.#now;

  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** How many timers wait for their time. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds that were asked for and are not over, soonest first. */
  waiting(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  /** Runs what falls due, in the order of time, timers that are set meanwhile included. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.#runNext(end));
    this.#now = end;
  }

  /** As `advance`, with a turn of the event loop around each timer, so that promises go on. */
  async turn(ms: number): Promise<void> {
    const end = this.#now + ms;
    do await new Promise(resolve => setImmediate(resolve));
    while (this.#runNext(end));
    this.#now = end;
  }

  #runNext(end: number): boolean {
    const next = this.#nextUntil(end);
    if (next === undefined) return false;
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.run();
    return true;
  }

  #nextUntil(end: number): { readonly at: number; readonly run: () => void } | undefined {
    return [...this.#timers].filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
