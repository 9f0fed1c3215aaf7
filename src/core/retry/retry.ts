import { type Preference, pickTarget } from '../balance/balance.ts';
import type { Fleet } from '../balance/fleet.ts';
import type { InstanceState } from '../balance/instance-state.ts';
import {
  judgeFailure,
  judgeStatus,
  mayFollowFailure,
  mayFollowStatus,
  type Retryable,
  summaryOf,
  type Verdict,
} from '../balance/outcome.ts';
import type { ErrorCode } from '../errors.ts';
import type { Target } from '../model/rule.ts';
import type { RetryRule } from '../model/traffic.ts';

/** An attempt that ended before a byte of its response went to the caller. */
export interface FailedAttempt {
  readonly target: Target;
  readonly code: ErrorCode;
  /** A part of the request may have reached the instance. */
  readonly sent: boolean;
  /** The connection had carried a request before, so its end may be a keep-alive time-out and nothing else. */
  readonly reused: boolean;
}

/** The part of a decision that retries go by. */
export interface RetryPlan extends Preference {
  /** Targets of the same version: where a retry may go. */
  readonly candidates: readonly Target[];
  /** Attempts after the first; the fleet's own number where it is left out. */
  readonly retries?: number | undefined;
  readonly retry?: RetryRule | undefined;
}

const NOBODY: readonly Target[] = [];

/** Milliseconds before the first retry of a rule that wants some and does not say when; as Envoy has it. */
const DEFAULT_BACKOFF = 25;
/** Waits double, up to so many times the first. */
const MOST_GROWTH = 10;

/**
 * The attempts of one request: counted at their instances, judged as they end, followed by another where that may
 * be. Free of any server's types, so that every lane tells it the same. Times are monotonic milliseconds.
 *
 * For each attempt: `begin`, then `responded` at the head of a final response if there is one, then one of
 * `completed`, `failed` and `abandoned`; those do nothing where no attempt is under way.
 */
export class Tries {
  readonly #fleet: Fleet;
  readonly #plan: RetryPlan;
  /** What sums up the failures: one by which a part of the request may have reached an instance, else the last. */
  failure: FailedAttempt | undefined;
  #tried = NOBODY;
  #target: Target | undefined;
  #state: InstanceState | undefined;
  #startedAt = 0;
  /** 0 before there is a head. */
  #headAt = 0;
  #verdict: Verdict = 'spared';
  #isTrial = false;

  constructor(fleet: Fleet, plan: RetryPlan) {
    this.#fleet = fleet;
    this.#plan = plan;
  }

  /** How many attempts have come to nothing. */
  get resend(): number {
    return this.#tried.length;
  }

  begin(target: Target, now: number): void {
    const state = this.#fleet.of(target, now);
    state.pending += 1;
    state.usedAt = now;
    if (this.#tried.length === 0) state.peers.service.budget.deposit(now);
    this.#isTrial = state.health.begin(now);
    this.#target = target;
    this.#state = state;
    this.#startedAt = now;
    this.#headAt = 0;
  }

  /** @param retryAfter what a 503 says of its own end, in milliseconds */
  responded(status: number, now: number, retryAfter?: number): void {
    const state = this.#state;
    if (state === undefined) return;
    this.#headAt = now;
    this.#verdict = retryAfter === undefined ? judgeStatus(status) : 'spared';
    if (retryAfter !== undefined) state.rest(retryAfter, now);
    if (this.#verdict === 'well') state.answered(this.#startedAt, now);
    if (this.#verdict === 'failed') state.disappointed(this.#startedAt, now);
  }

  /** The response is whole. @param status what its end says, where that is more than its head */
  completed(status?: number): void {
    const state = this.#leave();
    if (status !== undefined && this.#verdict !== 'spared') this.#verdict = judgeStatus(status);
    if (this.#verdict === 'well') state?.succeeded(this.#startedAt, this.#headAt);
    if (this.#verdict === 'failed') state?.failed(this.#startedAt, this.#headAt);
  }

  /** There was no response, or no whole one. */
  failed(code: ErrorCode, reused: boolean, now: number): void {
    const state = this.#leave();
    if (state === undefined || judgeFailure(code, reused && this.#headAt === 0) !== 'failed') return;
    if (this.#headAt === 0) state.disappointed(this.#startedAt, now);
    state.failed(this.#startedAt, now);
  }

  /** The caller left, or does not want it any more. What the head said of the instance holds. */
  abandoned(now: number): void {
    if (this.#headAt > 0) this.completed();
    else this.#leave()?.abandoned(this.#startedAt, now);
  }

  /** Where the request goes after a failure, or undefined where that is the answer. */
  afterFailure(
    failure: FailedAttempt,
    request: Retryable,
    now: number,
    chance: () => number,
  ): Target | undefined {
    const { target, code, sent, reused } = failure;
    if (sent || this.failure?.sent !== true) this.failure = failure;
    // Alone as it is, an instance that closed an idle connection deserves one more try, on a new connection.
    const isWorthRepeating = reused && !this.#tried.includes(target);
    this.#tried = [...this.#tried, target];
    const { on } = this.#fleet.settings.retries;
    if (!mayFollowFailure(code, sent, request, on, this.#plan.retry)) return undefined;
    return this.#next(target, isWorthRepeating, now, chance);
  }

  /** Where the request goes instead of passing an answer with this status on, which has not begun. */
  afterStatus(status: number, request: Retryable, now: number, chance: () => number): Target | undefined {
    const target = this.#target;
    const { on } = this.#fleet.settings.retries;
    if (target === undefined || !mayFollowStatus(status, request, on, this.#plan.retry)) return undefined;
    this.#tried = [...this.#tried, target];
    return this.#next(target, false, now, chance);
  }

  /** What the caller is told once no attempt follows the last failure. */
  summary(code: ErrorCode): ErrorCode {
    return summaryOf(code, this.#tried.length, this.#plan.retry);
  }

  /** Milliseconds before the attempt that comes next. @param chance draws from [0, 1) */
  wait(chance: () => number): number {
    const { retry } = this.#plan;
    if (retry === undefined) return 0;
    const growth = Math.min(2 ** (this.#tried.length - 1), MOST_GROWTH);
    return (retry.backoff ?? DEFAULT_BACKOFF) * growth * (1 + chance() / 2);
  }

  #next(last: Target, mayRepeat: boolean, now: number, chance: () => number): Target | undefined {
    const { candidates, retry, retries = this.#fleet.settings.retries.most } = this.#plan;
    if (this.#tried.length > retries) return undefined;
    const untried = candidates.filter(c => !this.#tried.some(t => t.instance.id === c.instance.id));
    const isGoingRound = untried.length === 0 && retry !== undefined;
    const others = isGoingRound ? candidates.filter(c => c.instance.id !== last.instance.id) : untried;
    const next =
      pickTarget(this.#fleet, others, this.#plan, now, chance) ??
      (mayRepeat || isGoingRound ? last : undefined);
    const { budget } = this.#fleet.of(last, now).peers.service;
    return next !== undefined && budget.spend(now) ? next : undefined;
  }

  #leave(): InstanceState | undefined {
    const state = this.#state;
    if (state === undefined) return undefined;
    state.pending -= 1;
    if (this.#isTrial) state.health.endTrial();
    this.#state = undefined;
    return state;
  }
}
