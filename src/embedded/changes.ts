/** What a query can wait for. A topic is fired by every change that can alter the answers of its queries. */
export type Topic = 'nodes' | 'services' | 'checks' | 'kv' | `service:${string}` | `state:${string}`;

/** One change under way. */
export interface Moment {
  /** The index that the change makes true. */
  readonly index: number;
  /** Names what the change alters; a change that touches nothing has not happened. */
  touch(topic: Topic): void;
}

/**
 * The one counter behind every `X-Consul-Index` (Consul's raft index) and the bells that wake blocking
 * queries. The index only grows, and only when something has changed.
 */
export class Changes {
  #index = 1;
  readonly #listeners = new Map<Topic, Set<() => void>>();

  get index(): number {
    return this.#index;
  }

  /** How many listeners wait at present. */
  get waiting(): number {
    return [...this.#listeners.values()].reduce((total, of) => total + of.size, 0);
  }

  /**
   * Runs one change under the next index. Whoever waits for what it touched is called after it is complete,
   * so nobody sees half a registration. A change that touches nothing leaves the index alone.
   */
  commit(change: (moment: Moment) => void): void {
    const touched = new Set<Topic>();
    change({ index: this.#index + 1, touch: topic => touched.add(topic) });
    if (touched.size === 0) return;
    this.#index += 1;
    for (const topic of touched) for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener();
  }

  /** @returns takes the listener off again */
  on(topic: Topic, listener: () => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic);
    };
  }
}
