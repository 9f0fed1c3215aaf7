import type { Account } from './account.ts';

/** So many are looked at for each new one that needs room. */
const LOOKS = 8;

/**
 * The accounts of many callers, of whom anybody may bring new ones. Where there are too many, one that owes nothing is
 * forgotten, which changes nothing; or else, of a few, the one that owes least. So who has used his limit up is not forgotten
 * for the sake of others who make up new names: those owe less.
 */
export class Accounts {
  readonly #most: number;
  readonly #all = new Map<string, Account>();
  /** Goes round, so that each is looked at in its turn. */
  #hand: Iterator<[string, Account]> = this.#all.entries();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#all.size;
  }

  get(key: string): Account | undefined {
    return this.#all.get(key);
  }

  /** @param account of a key that has none */
  open(key: string, account: Account, now: number): Account {
    if (this.#all.size >= this.#most) this.#forgetOne(now);
    this.#all.set(key, account);
    return account;
  }

  #forgetOne(now: number): void {
    let least: string | undefined;
    let leastPaidAt = Number.POSITIVE_INFINITY;
    for (let looks = 0; looks < LOOKS; looks += 1) {
      const [key, { paidAt }] = this.#next();
      if (paidAt < leastPaidAt) {
        least = key;
        leastPaidAt = paidAt;
      }
      if (paidAt <= now) break;
    }
    if (least !== undefined) this.#all.delete(least);
  }

  /** There is one at least. */
  #next(): [string, Account] {
    const next = this.#hand.next();
    if (!next.done) return next.value;
    this.#hand = this.#all.entries();
    return this.#hand.next().value as [string, Account];
  }
}
