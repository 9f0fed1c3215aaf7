import { setTimeout as pause } from 'node:timers/promises';

export interface ReadQueueOptions {
  /** Reads some services; one call at a time. Must not reject. */
  readonly read: (services: readonly string[]) => Promise<void>;
  /** Services a call, at most. */
  readonly batch: number;
  /** Milliseconds between the end of one call and the next: what comes meanwhile is read once. */
  readonly spacingMs: number;
}

/**
 * Which services must be read again. The first hint is acted on at once, a burst of them becomes a few reads,
 * and since one read is under way at a time, an older answer never comes after a newer one. A hint that comes
 * while its service is being read has it read again: the last state always wins.
 */
export class ReadQueue {
  readonly #options: ReadQueueOptions;
  readonly #hinted = new Set<string>();
  readonly #routine = new Set<string>();
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
      await pause(this.#options.spacingMs);
    }
    this.#running = false;
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
