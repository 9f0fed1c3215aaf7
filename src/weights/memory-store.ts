import type { SourceState } from '../core/model/snapshot.ts';
import type { AllWeights, ServiceWeights, Weights } from '../core/model/split.ts';
import {
  type Act,
  type Change,
  LEDGER_LENGTH,
  type LedgerEntry,
  readWeight,
  type WrittenWeights,
} from '../core/model/weights.ts';
import type { Log } from '../telemetry/log.ts';
import { checkAct, checkChange, checkService, writeWeights } from './check.ts';
import { Followed } from './followed.ts';
import { type Refusal, refusal } from './refusal.ts';
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
  /** Services whose weights were set for a time. */
  readonly #reverts = new Map<string, NodeJS.Timeout>();

  constructor({ log, last = new Map(), now = Date.now }: MemoryStoreOptions) {
    this.#now = now;
    this.#since = now();
    this.#followed = new Followed(log);
    for (const [service, state] of last) {
      const written = Object.fromEntries(state.weights === undefined ? [] : writeWeights(state.weights));
      this.#stored.set(service, { state, written, entries: [] });
      this.#plan(service, state);
    }
  }

  async follow(services: readonly string[]): Promise<void> {
    this.#followed.follow(services);
    this.#followed.update(services.map(service => [service, this.#read(service).state]));
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
    return this.#read(service).state;
  }

  async set(service: string, weights: Weights, change: Change): Promise<LedgerEntry> {
    checkService(service);
    checkChange(change);
    return this.#change(service, Object.fromEntries(writeWeights(weights)), change);
  }

  async clear(service: string, change: Change): Promise<LedgerEntry> {
    checkService(service);
    checkChange(change);
    return this.#change(service, {}, change);
  }

  async freeze(service: string, act: Act): Promise<LedgerEntry> {
    checkService(service);
    checkAct(act);
    const before = this.#expect(service, act);
    if (before.state.frozen !== undefined) throw this.#refusal('frozen', service, act);
    const { actor, reason } = act;
    const frozen = { by: actor, since: this.#now(), ...(reason === undefined ? {} : { reason }) };
    return this.#enter(service, { ...said(act), action: 'freeze', to: before.written, frozen });
  }

  async unfreeze(service: string, act: Act): Promise<LedgerEntry> {
    checkService(service);
    checkAct(act);
    const before = this.#expect(service, act);
    if (before.state.frozen === undefined) throw this.#refusal('unfrozen', service, act);
    return this.#enter(service, { ...said(act), action: 'unfreeze', to: before.written });
  }

  async history(service: string, count: number): Promise<readonly LedgerEntry[]> {
    checkService(service);
    return this.#read(service).entries.slice(0, count);
  }

  async close(): Promise<void> {
    for (const timer of this.#reverts.values()) clearTimeout(timer);
    this.#followed.close();
  }

  #read(service: string): Stored {
    return this.#stored.get(service) ?? NOTHING;
  }

  #change(service: string, to: WrittenWeights, change: Change): LedgerEntry {
    const before = this.#expect(service, change);
    if (before.state.frozen !== undefined) throw this.#refusal('frozen', service, change);
    const { forMs } = change;
    // Who prolongs what was set for a time does not make it permanent.
    const back = before.state.reverts?.to ?? before.written;
    const at = this.#now();
    const reverts = forMs === undefined ? {} : { reverts: { at: at + forMs, to: back } };
    return this.#enter(service, { ...said(change), to, ...reverts }, at);
  }

  #expect(service: string, act: Act): Stored {
    const before = this.#read(service);
    if ((act.expectRevision ?? before.state.revision) === before.state.revision) return before;
    throw this.#refusal('conflict', service, act);
  }

  #refusal(why: Refusal, service: string, act: Act): Error {
    return refusal(why, service, act, this.#read(service).entries[0]);
  }

  #enter(
    service: string,
    news: Omit<LedgerEntry, 'revision' | 'at' | 'from'>,
    at = this.#now(),
  ): LedgerEntry {
    const { state: before, written, entries } = this.#read(service);
    const entry: LedgerEntry = { ...news, revision: before.revision + 1, at, from: written };
    const { revision, to, reverts, frozen } = entry;
    const state: ServiceWeights = {
      revision,
      ...(Object.keys(to).length === 0 ? {} : { weights: readWritten(to) }),
      ...(reverts === undefined ? {} : { reverts }),
      ...(frozen === undefined ? {} : { frozen }),
    };
    this.#stored.set(service, { state, written: to, entries: [entry, ...entries].slice(0, LEDGER_LENGTH) });
    this.#plan(service, state);
    this.#followed.update([[service, state]]);
    return entry;
  }

  #plan(service: string, { reverts, revision }: ServiceWeights): void {
    clearTimeout(this.#reverts.get(service));
    if (reverts === undefined) return;
    const revert = (): void => {
      // A timer may ring a millisecond before the clock says so.
      if (this.#now() < reverts.at) {
        this.#plan(service, { reverts, revision });
        return;
      }
      const [{ actor } = { actor: 'unknown' }] = this.#read(service).entries;
      const reason = `the time of revision ${revision} is over`;
      this.#enter(service, { actor, reason, source: 'gateway', to: reverts.to });
    };
    const timer = setTimeout(revert, Math.max(0, reverts.at - this.#now()));
    this.#reverts.set(service, timer.unref());
  }
}

const said = ({ actor, reason, source }: Act): Pick<LedgerEntry, 'actor' | 'reason' | 'source'> => ({
  ...{ actor, source },
  ...(reason === undefined ? {} : { reason }),
});

const readWritten = (written: WrittenWeights): Weights =>
  new Map(Object.entries(written).map(([version, weight]) => [version, readWeight(weight) ?? 0]));

const NOTHING: Stored = { state: { revision: 0 }, written: {}, entries: [] };
