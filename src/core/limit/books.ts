import type { Rule } from '../model/rule.ts';
import type { Account } from './account.ts';
import { readAccountName } from './account-name.ts';
import { MOST_OWED, type News, newsFrom, type Telling } from './authority.ts';
import type { Debits } from './debits.ts';
import { type Counted, LimitState } from './limit-state.ts';
import { RateLimit } from './rate-limit.ts';

/** Of whose requests an authority is told. */
export type Tells = 'none' | 'shared' | 'all';

/** Of one limit: some megabytes. */
const MOST_CALLERS = 20_000;

export interface BooksOptions {
  /** Where those go that an authority is told of; none where this process counts alone. */
  readonly debits?: Debits | undefined;
  readonly tells?: Tells;
  /** Callers of one limit that are remembered. */
  readonly most?: number;
}

/** All that one process knows of what is owed. Outlives tables. */
export class Books {
  readonly #debits: Debits | undefined;
  readonly #tells: Tells;
  readonly #most: number;
  readonly #states = new Map<string, LimitState>();

  constructor({
    debits,
    tells = debits === undefined ? 'none' : 'shared',
    most = MOST_CALLERS,
  }: BooksOptions = {}) {
    this.#debits = debits;
    this.#tells = tells;
    this.#most = most;
  }

  /** Knows the limits of these rules from now on, and no others. @returns whether one of them is shared */
  follow(rules: readonly Rule[]): boolean {
    const ids = new Set<string>();
    let isShared = false;
    for (const { id, filters = [] } of rules) {
      for (const filter of filters) {
        if (filter.type !== 'rate-limit') continue;
        const limit = new RateLimit(id, filter);
        ids.add(limit.id);
        this.stateOf(limit);
        isShared ||= limit.isShared;
      }
    }
    for (const id of this.#states.keys()) if (!ids.has(id)) this.#states.delete(id);
    return isShared;
  }

  stateOf(limit: Counted): LimitState {
    const known = this.#states.get(limit.id);
    if (known !== undefined && known.limit.isShared === limit.isShared) return known;
    const isTold = this.#tells === 'all' || (this.#tells === 'shared' && limit.isShared);
    const state = new LimitState(limit, isTold, this.#most);
    this.#states.set(limit.id, state);
    return state;
  }

  /** What a request costs, in milliseconds. */
  costOf({ limit, isTold }: LimitState): number {
    return isTold && this.#debits !== undefined ? limit.interval * this.#debits.stretch : limit.interval;
  }

  /** Lets so many requests pass. @param cost of each */
  debit(account: Account, state: LimitState, cost: number, now: number, requests = 1): void {
    account.debit(cost * requests, now);
    if (state.isTold) this.#debits?.add(account, requests);
  }

  /** Takes another process' word: this one is its authority. @returns as Authority.tell */
  enter(tellings: readonly Telling[], now: number): number[] {
    return tellings.map(telling => this.#enter(telling, now));
  }

  #enter({ name, interval, depth, debits, atLeast }: Telling, now: number): number {
    const { id, key } = readAccountName(name);
    const state = this.#states.get(id);
    // Its rule is gone, or not here yet.
    if (state === undefined) return atLeast + debits * interval;
    const account = state.open(key, now);
    account.raise(now + atLeast);
    this.debit(account, state, this.costOf(state), now, debits);
    account.lower(now + depth * MOST_OWED);
    return account.debt(now);
  }

  /** What was just entered, of which everybody is to know. */
  newsOf(tellings: readonly Telling[], owed: readonly number[]): News[] {
    return tellings.flatMap((telling, i) => {
      const from = newsFrom(telling);
      const debt = owed[i] ?? 0;
      return from === undefined || debt < from ? [] : { name: telling.name, owed: debt };
    });
  }

  /** Of limits that nobody has asked of here, too. What is owed here already counts. */
  hear(news: readonly News[], now: number): void {
    for (const { name, owed } of news) {
      const { id, key } = readAccountName(name);
      this.#states
        .get(id)
        ?.open(key, now)
        .raise(now + owed);
    }
  }

  /** Milliseconds that are owed, as far as this process knows. */
  debt(limit: Counted, key: string, now: number): number {
    return this.#states.get(limit.id)?.find(key)?.debt(now) ?? 0;
  }

  states(): Iterable<LimitState> {
    return this.#states.values();
  }
}
