import type { AllWeights, ServiceWeights } from '../core/model/split.ts';
import type { Log } from '../telemetry/log.ts';
import { sameWeights } from './judge.ts';

/** The followed services and what is in force for each: the part that every store has in common. */
export class Followed {
  readonly #log: Log;
  readonly #listeners = new Set<(all: AllWeights) => void>();
  readonly #unread: Set<string>;
  #names: ReadonlySet<string>;
  #all: AllWeights;

  /** @param last what a process before this one had in force: it counts until it is read */
  constructor(log: Log, last: AllWeights = new Map()) {
    this.#log = log;
    this.#all = last;
    this.#names = new Set(last.keys());
    this.#unread = new Set(last.keys());
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** Never altered; replaced at each change. */
  get all(): AllWeights {
    return this.#all;
  }

  /** Whether what a process before this one had is in force for any service. */
  standsIn(): boolean {
    return [...this.#unread].some(service => this.#names.has(service));
  }

  /** Followed services that were never read. */
  unread(): string[] {
    return [...this.#names].filter(name => !this.#all.has(name) || this.#unread.has(name));
  }

  onChange(listener: (all: AllWeights) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Replaces the set. What is known of services that stay is kept, and what is known of others while it cannot be
   * asked again: one may leave and come back.
   */
  follow(services: readonly string[], canAskAgain = true): void {
    const before = this.#names;
    this.#names = new Set(services);
    if (!canAskAgain) return;
    const kept = [...this.#all].filter(([service]) => before.has(service) && this.#names.has(service));
    if (kept.length < this.#all.size) this.#swap(new Map(kept));
  }

  /** Services that nobody follows (any more) are passed over; an update that changes nothing swaps nothing. */
  update(news: Iterable<readonly [service: string, state: ServiceWeights]>): void {
    const changed = [...news].filter(([service, state]) => {
      this.#unread.delete(service);
      return this.#names.has(service) && !sameWeights(this.#all.get(service), state);
    });
    if (changed.length > 0) this.#swap(new Map([...this.#all, ...changed]));
  }

  close(): void {
    this.#listeners.clear();
  }

  #swap(all: AllWeights): void {
    this.#all = all;
    for (const listener of [...this.#listeners]) {
      try {
        listener(all);
      } catch (err) {
        // Whoever listens must not keep the others, or the store, from going on.
        this.#log.error({ err }, 'A listener to weights failed');
      }
    }
  }
}
