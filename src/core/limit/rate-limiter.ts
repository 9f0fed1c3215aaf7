import type { RequestFacts } from '../request-facts.ts';
import { type Account, hasRoom } from './account.ts';
import { callerKey } from './caller-key.ts';
import type { Debits } from './debits.ts';
import { LimitState } from './limit-state.ts';
import type { RateLimit } from './rate-limit.ts';
import { Verdict } from './verdict.ts';

/** Judges requests by the limits of their rule. */
export interface Judge {
  /** Called once a request. @param limits one at least @param now monotonic milliseconds */
  judge(limits: readonly RateLimit[], facts: RequestFacts, now: number): Verdict;
}

/** Whose requests this process tells an authority of. */
export type Tells = 'none' | 'shared' | 'all';

/** Of one limit: some megabytes. */
const MOST_CALLERS = 20_000;

/** The limits of one process: what has passed, and what may. Outlives tables. */
export class RateLimiter implements Judge {
  readonly #debits: Debits | undefined;
  readonly #tells: Tells;
  readonly #most: number;
  readonly #states = new Map<string, LimitState>();

  /** @param debits where those go that somebody else is told of */
  constructor(debits?: Debits, tells: Tells = debits === undefined ? 'none' : 'shared', most = MOST_CALLERS) {
    this.#debits = debits;
    this.#tells = tells;
    this.#most = most;
  }

  judge(limits: readonly RateLimit[], facts: RequestFacts, now: number): Verdict {
    const [first] = limits;
    if (first !== undefined && limits.length === 1) {
      const state = this.#stateOf(first);
      const account = accountOf(state, facts, now);
      const cost = this.#costOf(state);
      const debt = account.debt(now);
      const isAdmitted = hasRoom(debt, cost, first);
      if (isAdmitted) this.#debit(account, state, cost, now);
      else state.denied += 1;
      return new Verdict(limits, first, isAdmitted, isAdmitted ? debt + cost : debt, cost);
    }
    return this.#judgeAll(limits, facts, now);
  }

  /** One that another limit turns away costs nothing. */
  #judgeAll(limits: readonly RateLimit[], facts: RequestFacts, now: number): Verdict {
    const asked = limits.map(limit => {
      const state = this.#stateOf(limit);
      const account = accountOf(state, facts, now);
      return { limit, state, account, cost: this.#costOf(state), debt: account.debt(now) };
    });
    const denying = asked.filter(({ limit, cost, debt }) => !hasRoom(debt, cost, limit));
    for (const { state } of denying) state.denied += 1;
    const isAdmitted = denying.length === 0;
    if (isAdmitted) for (const { account, state, cost } of asked) this.#debit(account, state, cost, now);
    const verdicts = (isAdmitted ? asked : denying).map(
      ({ limit, debt, cost }) =>
        new Verdict(limits, limit, isAdmitted, isAdmitted ? debt + cost : debt, cost),
    );
    return verdicts.reduce((tightest, verdict) =>
      verdict.remaining < tightest.remaining ||
      (verdict.remaining === tightest.remaining && verdict.reset > tightest.reset)
        ? verdict
        : tightest,
    );
  }

  #debit(account: Account, state: LimitState, cost: number, now: number): void {
    account.debit(cost, now);
    if (state.isTold) this.#debits?.add(account);
  }

  #costOf({ limit, isTold }: LimitState): number {
    return isTold && this.#debits !== undefined ? limit.interval * this.#debits.stretch : limit.interval;
  }

  #stateOf(limit: RateLimit): LimitState {
    limit.state ??= this.#keptOf(limit);
    return limit.state;
  }

  #keptOf(limit: RateLimit): LimitState {
    const known = this.#states.get(limit.id);
    if (known !== undefined && known.limit.isShared === limit.isShared) return known;
    const isTold = this.#tells === 'all' || (this.#tells === 'shared' && limit.isShared);
    const state = new LimitState(limit, isTold, this.#most);
    this.#states.set(limit.id, state);
    return state;
  }

  /** Milliseconds that are owed, as far as this process knows. */
  debt(limit: RateLimit, key: string, now: number): number {
    return this.#states.get(limit.id)?.find(key)?.debt(now) ?? 0;
  }

  /** All limits that were asked of, with what became of it. */
  states(): Iterable<LimitState> {
    return this.#states.values();
  }

  /** Forgets the limits of rules that are gone. */
  retain(isRoute: (route: string) => boolean): void {
    for (const [id, { limit }] of this.#states) if (!isRoute(limit.route)) this.#states.delete(id);
  }
}

const accountOf = (state: LimitState, facts: RequestFacts, now: number): Account => {
  const { by } = state.limit;
  return state.open(by === undefined ? '' : callerKey(by, facts), now);
};
