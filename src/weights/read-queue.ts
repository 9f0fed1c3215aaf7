import { setTimeout as pause } from 'node:timers/promises';

export interface ReadQueueOptions {
  /** Reads some services; one call at a time. Must not reject. */
  readonly read: (services: readonly string[]) => Promise<void>;
  /** Services a call, at most. */
  readonly batch: number;
  /** Milliseconds from one call to the next, in the long run: what comes meanwhile is read once. */
  readonly spacingMs: number;
  /** Calls that need not wait for one another after a rest: one change is several messages, and the next may be near. */
  readonly burst: number;
}

/**
 * Which services must be read again. A hint is acted on at once, a storm of them becomes a few reads,
 * and since one read is under way at a time, an older answer never comes after a newer one. A hint that comes
 * while its service is being read has it read again: the last state always wins.
 */
export class ReadQueue {
  readonly #options: ReadQueueOptions;
  readonly #hinted = new Set<string>();
  readonly #routine = new Set<string>();
  /** When the calls so far would be over, each taking its spacing (ITU-T I.371, the generic cell rate algorithm). */
  #spentUntil = 0;
  #running = false;
  #closed = false;

  constructor(options: ReadQueueOptions) {
    this.#options = options;
  }

  /** Read this soon: something has changed. */
  hint(service: string): void {
    this.#hinted.add(service);
    void this.#run();
  }

  /** Read these in their turn, after all hinted ones. */
  add(services: Iterable<string>): void {
    for (const service of services) this.#routine.add(service);
    void this.#run();
  }

  /** Nothing more is read. */
  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      await this.#options.read(batch);
      const wait = this.#spend(performance.now());
      if (wait > 0) await pause(wait, undefined, { ref: false });
    }
    this.#running = false;
  }

  /** @returns milliseconds until the next call may be */
  #spend(now: number): number {
    const { spacingMs, burst } = this.#options;
    this.#spentUntil = Math.max(this.#spentUntil, now) + spacingMs;
    return this.#spentUntil - now - spacingMs * (burst - 1);
  }

  #take(): readonly string[] {
    if (this.#closed) return [];
    const batch = [...new Set([...this.#hinted, ...this.#routine])].slice(0, this.#options.batch);
    for (const service of batch) {
      this.#hinted.delete(service);
      this.#routine.delete(service);
    }
    return batch;
  }
}
