import type { LimitKey } from '../model/filter.ts';
import { Account, type Terms } from './account.ts';
import { Accounts } from './accounts.ts';
import { keyNameFor } from './caller-key.ts';

/** What is counted, by whom, and on what terms. */
export interface Counted extends Terms {
  /** The same in every gateway; another where anything else differs but where it is counted. */
  readonly id: string;
  /** The rule's id. */
  readonly route: string;
  readonly by: LimitKey | undefined;
}

/** What is counted for one limit, from one table to the next. */
export class LimitState {
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
    this.#whole = limit.by === undefined ? new Account(limit.id, limit) : undefined;
    this.#callers = new Accounts(most);
  }

  /** @param key of a caller; any where all requests count together */
  find(key: string): Account | undefined {
    return this.#whole ?? this.#callers.get(key);
  }

  open(key: string, now: number): Account {
    const known = this.find(key);
    if (known !== undefined) return known;
    const name = accountName(this.limit, key);
    return this.#callers.open(key, new Account(name, this.limit), now);
  }
}

/** The same in every process. */
export const accountName = ({ id, by }: Counted, key: string): string =>
  by === undefined ? id : `${id}:${keyNameFor(by, key)}`;
