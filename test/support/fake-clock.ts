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

  /** Runs what falls due, in the order of time, timers that are set meanwhile included. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#nextUntil(end); next !== undefined; next = this.#nextUntil(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }

  #nextUntil(end: number): { readonly at: number; readonly run: () => void } | undefined {
    return [...this.#timers].filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
