import type { RequestFacts } from '../request-facts.ts';
import { type Account, hasRoom } from './account.ts';
import type { Books } from './books.ts';
import { callerKey } from './caller-key.ts';
import type { LimitState } from './limit-state.ts';
import type { RateLimit } from './rate-limit.ts';
import { Verdict } from './verdict.ts';

/** Judges requests by the limits of their rule. */
export interface Judge {
  /** Called once a request. @param limits one at least @param now monotonic milliseconds */
  judge(limits: readonly RateLimit[], facts: RequestFacts, now: number): Verdict;
}

/** What one limit has to say of a request. */
interface Asked {
  readonly limit: RateLimit;
  readonly state: LimitState;
  readonly account: Account;
  readonly cost: number;
  readonly debt: number;
}

/** Lets requests pass or turns them away, and keeps book of it. */
export class RateLimiter implements Judge {
  readonly #books: Books;

  constructor(books: Books) {
    this.#books = books;
  }

  judge(limits: readonly RateLimit[], facts: RequestFacts, now: number): Verdict {
    const [first] = limits;
    return first !== undefined && limits.length === 1
      ? this.#judgeOne(limits, first, facts, now)
      : this.#judgeAll(limits, facts, now);
  }

  #judgeOne(limits: readonly RateLimit[], limit: RateLimit, facts: RequestFacts, now: number): Verdict {
    const state = this.#stateOf(limit);
    const account = state.open(callerKey(limit.by, facts), now);
    const cost = this.#books.costOf(state);
    const debt = account.debt(now);
    if (hasRoom(debt, cost, limit)) {
      this.#books.debit(account, state, cost, now);
      return new Verdict(limits, limit, true, debt + cost, cost);
    }
    state.denied += 1;
    return new Verdict(limits, limit, false, debt, cost);
  }

  /** One that another limit turns away costs nothing. */
  #judgeAll(limits: readonly RateLimit[], facts: RequestFacts, now: number): Verdict {
    const asked = limits.map((limit): Asked => {
      const state = this.#stateOf(limit);
      const account = state.open(callerKey(limit.by, facts), now);
      return { limit, state, account, cost: this.#books.costOf(state), debt: account.debt(now) };
    });
    const denying = asked.filter(({ limit, cost, debt }) => !hasRoom(debt, cost, limit));
    if (denying.length > 0) {
      for (const { state } of denying) state.denied += 1;
      return tightest(denying.map(({ limit, debt, cost }) => new Verdict(limits, limit, false, debt, cost)));
    }
    for (const { account, state, cost } of asked) this.#books.debit(account, state, cost, now);
    return tightest(
      asked.map(({ limit, debt, cost }) => new Verdict(limits, limit, true, debt + cost, cost)),
    );
  }

  #stateOf(limit: RateLimit): LimitState {
    limit.state ??= this.#books.stateOf(limit);
    return limit.state;
  }
}

/** The one that leaves least, for longest. */
const tightest = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.reduce((least, one) =>
    one.remaining < least.remaining || (one.remaining === least.remaining && one.reset > least.reset)
      ? one
      : least,
  );

/** Tells how requests would be judged; nothing is entered. */
export const createPeek = (debtOf: (limit: RateLimit, key: string) => number): Judge => ({
  judge: (limits, facts) => {
    const asked = limits.map(limit => ({ limit, debt: debtOf(limit, callerKey(limit.by, facts)) }));
    const denying = asked.filter(({ limit, debt }) => !hasRoom(debt, limit.interval, limit));
    const isAdmitted = denying.length === 0;
    return tightest(
      (isAdmitted ? asked : denying).map(
        ({ limit, debt }) => new Verdict(limits, limit, isAdmitted, debt, limit.interval),
      ),
    );
  },
});
