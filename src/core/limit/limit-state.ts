import type { LimitKey } from '../model/filter.ts';
import { Account, type Terms } from './account.ts';
import { accountName, EVERYBODY } from './account-name.ts';
import { Accounts } from './accounts.ts';

/** What is counted, by whom, and on what terms. */
export interface Counted extends Terms {
  /** The same in every gateway; another where anything else differs but where it is counted. */
  readonly id: string;
  /** The rule's id. */
  readonly route: string;
  /** As `limitText` has it. */
  readonly text: string;
  readonly by: LimitKey | undefined;
}

/** What is counted for one limit, from one table to the next. */
export class LimitState {
  /** The terms of all tables have the same id, so they are the same. */
  readonly limit: Counted;
  /** Whether somebody else counts. */
  readonly isTold: boolean;
  /** Requests that were answered 429. */
  denied = 0;
  readonly #whole: Account | undefined;
  readonly #callers: Accounts;

  /** @param most callers that are remembered */
  constructor(limit: Counted, isTold: boolean, most: number) {
    this.limit = limit;
    this.isTold = isTold;
    this.#whole = limit.by === undefined ? new Account(accountName(limit.id, EVERYBODY), limit) : undefined;
    this.#callers = new Accounts(most);
  }

  find(key: string): Account | undefined {
    return this.#whole ?? this.#callers.get(key);
  }

  open(key: string, now: number): Account {
    const known = this.find(key);
    if (known !== undefined) return known;
    return this.#callers.open(key, new Account(accountName(this.limit.id, key), this.limit), now);
  }
}
