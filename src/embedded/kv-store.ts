import type { Changes, Moment } from './changes.ts';
import type { Indexes } from './rows.ts';

export interface KvEntry extends Indexes {
  readonly key: string;
  readonly value: Buffer;
  readonly flags: number;
}

/** Keys and values. Any deletion moves the index of every prefix: who waits looks once too often, never too rarely. */
export class KvStore {
  readonly #entries = new Map<string, KvEntry>();
  #lastDeletion = 1;
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  get(key: string): KvEntry | undefined {
    return this.#entries.get(key);
  }

  under(prefix: string): KvEntry[] {
    return [...this.#entries.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  indexUnder(prefix: string): number {
    return Math.max(...this.under(prefix).map(entry => entry.ModifyIndex), this.#lastDeletion);
  }

  put(key: string, value: Buffer, flags: number): void {
    const before = this.#entries.get(key);
    if (before?.value.equals(value) && before.flags === flags) return;
    this.#write(({ index }) => {
      this.#entries.set(key, {
        key,
        value,
        flags,
        CreateIndex: before?.CreateIndex ?? index,
        ModifyIndex: index,
      });
    });
  }

  delete(keys: readonly string[]): void {
    const present = keys.filter(key => this.#entries.has(key));
    if (present.length === 0) return;
    this.#write(({ index }) => {
      for (const key of present) this.#entries.delete(key);
      this.#lastDeletion = index;
    });
  }

  #write(change: (moment: Moment) => void): void {
    this.#changes.commit(moment => {
      change(moment);
      moment.touch('kv');
    });
  }
}
