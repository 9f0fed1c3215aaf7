import type { AllWeights, ServiceWeights, SourceState, Weights } from '../core/model.ts';
import { type Change, LEDGER_LENGTH, type LedgerEntry, type WrittenWeights } from '../core/weights.ts';
import type { Log } from '../telemetry/log.ts';
import { checkChange, checkService, writeWeights } from './check.ts';
import { Followed } from './followed.ts';
import type { WeightStore } from './store.ts';

export interface MemoryStoreOptions {
  readonly log: Log;
  /** What to begin with, e.g. what a process before this one had in force. */
  readonly last?: AllWeights | undefined;
  readonly now?: () => number;
}

/** Weights that live as long as the process: `sluice dev` and `--redis off`. */
export const openMemoryStore = (options: MemoryStoreOptions): WeightStore => new MemoryStore(options);

interface Stored {
  readonly state: ServiceWeights;
  readonly written: WrittenWeights;
  /** The newest first. */
  readonly entries: readonly LedgerEntry[];
}

class MemoryStore implements WeightStore {
  readonly ready = Promise.resolve();
  readonly #now: () => number;
  readonly #since: number;
  readonly #followed: Followed;
  readonly #stored = new Map<string, Stored>();

  constructor({ log, last = new Map(), now = Date.now }: MemoryStoreOptions) {
    this.#now = now;
    this.#since = now();
    this.#followed = new Followed(log);
    for (const [service, state] of last) {
      const written = Object.fromEntries(state.weights === undefined ? [] : writeWeights(state.weights));
      this.#stored.set(service, { state, written, entries: [] });
    }
  }

  async follow(services: readonly string[]): Promise<void> {
    this.#followed.follow(services);
    this.#followed.update(services.map(service => [service, this.#state(service)]));
  }

  onChange(listener: (all: AllWeights) => void): () => void {
    return this.#followed.onChange(listener);
  }

  current(): AllWeights {
    return this.#followed.all;
  }

  status(): SourceState {
    return { state: 'up', since: this.#since };
  }

  async get(service: string): Promise<ServiceWeights> {
    checkService(service);
    return this.#state(service);
  }

  async set(service: string, weights: Weights, change: Change): Promise<LedgerEntry> {
    checkService(service);
    checkChange(change);
    const written = Object.fromEntries(writeWeights(weights));
    return this.#write(service, { weights: new Map(weights), written }, change);
  }

  async clear(service: string, change: Change): Promise<LedgerEntry> {
    checkService(service);
    checkChange(change);
    return this.#write(service, { written: {} }, change);
  }

  async history(service: string, count: number): Promise<readonly LedgerEntry[]> {
    checkService(service);
    return this.#stored.get(service)?.entries.slice(0, count) ?? [];
  }

  async close(): Promise<void> {
    this.#followed.close();
  }

  #state(service: string): ServiceWeights {
    return this.#stored.get(service)?.state ?? { revision: 0 };
  }

  #write(
    service: string,
    { weights, written }: { weights?: Weights; written: WrittenWeights },
    change: Change,
  ): LedgerEntry {
    const before = this.#stored.get(service) ?? NOTHING;
    const revision = before.state.revision + 1;
    const entry: LedgerEntry = { ...change, revision, at: this.#now(), from: before.written, to: written };
    const state = { revision, ...(weights === undefined ? {} : { weights }) };
    this.#stored.set(service, {
      state,
      written,
      entries: [entry, ...before.entries].slice(0, LEDGER_LENGTH),
    });
    this.#followed.update([[service, state]]);
    return entry;
  }
}

const NOTHING: Stored = { state: { revision: 0 }, written: {}, entries: [] };
