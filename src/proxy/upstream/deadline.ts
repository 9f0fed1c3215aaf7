/**
 * A time limit that is set for each request and hardly ever expires. Setting it is a number written down; a timer
 * runs only now and then, looks how far the time has come, and sleeps on.
 */
export class Deadline {
  readonly #onExpired: () => void;
  /** On performance.now()'s scale; 0 while nothing is limited. */
  #due = 0;
  #firesAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onExpired called once for each `set` that was not followed by another, or by `clear`, in time */
  constructor(onExpired: () => void) {
    this.#onExpired = onExpired;
  }

  /** @param milliseconds from now; 0 is without limit */
  set(milliseconds: number): void {
    if (milliseconds === 0) {
      this.#due = 0;
      return;
    }
    this.#due = performance.now() + milliseconds;
    if (this.#timer === undefined) this.#sleep(milliseconds);
    else if (this.#firesAt > this.#due) {
      clearTimeout(this.#timer);
      this.#sleep(milliseconds);
    }
  }

  clear(): void {
    this.#due = 0;
  }

  /** Lets go of the timer, too. */
  stop(): void {
    this.#due = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #sleep(milliseconds: number): void {
    this.#firesAt = performance.now() + milliseconds;
    this.#timer = setTimeout(this.#wake, milliseconds).unref();
  }

  readonly #wake = (): void => {
    this.#timer = undefined;
    if (this.#due === 0) return;
    const left = this.#due - performance.now();
    // Timers count in whole milliseconds.
    if (left >= 1) {
      this.#sleep(left);
      return;
    }
    // Where the process was held up, what was waited for may be there and not read: sockets are read after timers, so
    // one look at them comes first.
    setImmediate(this.#expire);
  };

  readonly #expire = (): void => {
    if (this.#due === 0 || this.#due - performance.now() >= 1) return;
    this.#due = 0;
    this.#onExpired();
  };
}
