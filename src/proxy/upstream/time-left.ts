/** The time that one attempt has, where its rule says so; it stands still while the client is waited for. */
export class TimeLeft {
  /** Milliseconds, at `#since`. */
  #left = Number.POSITIVE_INFINITY;
  /** On performance.now()'s scale; 0 while it stands still. */
  #since = 0;

  /** @param milliseconds undefined or 0 is without limit */
  start(milliseconds: number | undefined): void {
    const isLimited = milliseconds !== undefined && milliseconds > 0;
    this.#left = isLimited ? milliseconds : Number.POSITIVE_INFINITY;
    this.#since = isLimited ? performance.now() : 0;
  }

  pause(): void {
    if (this.#since === 0) return;
    this.#left -= performance.now() - this.#since;
    this.#since = 0;
  }

  /** Goes on, if it stood still. @param limit another one, in milliseconds; 0 is none @returns the shorter of the two */
  within(limit: number): number {
    if (this.#left === Number.POSITIVE_INFINITY) return limit;
    this.pause();
    this.#since = performance.now();
    const left = Math.max(this.#left, 1);
    return limit === 0 ? left : Math.min(limit, left);
  }
}
