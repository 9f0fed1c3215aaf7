import type { Account } from './account.ts';
import type { Telling } from './authority.ts';

/** An account that the authority is being told of. */
export interface Told {
  readonly account: Account;
  readonly telling: Telling;
}

/** What the authority has not been told of. A request only adds to it. */
export class Debits {
  /** What a request costs, as a multiple: above 1 while the authority is away and each has only its share. */
  stretch = 1;
  /** Called as the first one waits. */
  readonly #onFirst: () => void;
  #waiting: Account[] = [];

  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(account: Account, requests = 1): void {
    account.untold += requests;
    this.#wait(account);
  }

  #wait(account: Account): void {
    if (account.isWaiting) return;
    account.isWaiting = true;
    this.#waiting.push(account);
    if (this.#waiting.length === 1) this.#onFirst();
  }

  /** The next ones to tell of. Each is settled or lost before the next are taken. */
  take(most: number, now: number): readonly Told[] {
    const taken = this.#waiting.splice(0, most);
    return taken.flatMap(account => {
      account.isWaiting = false;
      const { name, terms, isApart, untold } = account;
      account.untold = 0;
      // Each of those apart has let pass as much as it was allowed: together they owe what the fullest of them owes.
      const atLeast = isApart ? account.debt(now) : 0;
      const debits = isApart ? 0 : untold;
      return debits === 0 && atLeast === 0 ? [] : { account, telling: { name, ...terms, debits, atLeast } };
    });
  }

  /** @param at when what is owed was true, as this process' clock has it */
  settle(told: readonly Told[], owed: readonly number[], at: number): void {
    for (const [i, { account }] of told.entries()) {
      account.isApart = false;
      // What has passed meanwhile comes on top of it.
      account.paidAt = at + (owed[i] ?? 0) + account.untold * account.terms.interval;
    }
  }

  /** The authority is away. What was told may have arrived or not, so the next telling is of another kind. */
  lose(told: readonly Told[]): void {
    for (const { account } of told) {
      account.isApart = true;
      this.#wait(account);
    }
  }
}
