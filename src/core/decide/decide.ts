import { pickTarget } from '../balance/balance.ts';
import type { Fleet } from '../balance/fleet.ts';
import { cookieFor } from '../cookie.ts';
import { type Answer, answerOf } from '../filters/answer.ts';
import type { CompiledFilters, RequestChange } from '../filters/compile.ts';
import { changePath } from '../filters/path-change.ts';
import { hash32, hashOf } from '../hash.ts';
import type { Verdict } from '../limit/verdict.ts';
import { matchRoute, type RouteTable } from '../match/match.ts';
import type { Target } from '../model/rule.ts';
import type { HashKey } from '../model/traffic.ts';
import type { Where } from '../model/where.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { RetryPlan } from '../retry/retry.ts';
import type { Route } from '../route/route.ts';
import { RouteArm } from '../route/route-backend.ts';
import type { CallerSession } from '../route/route-session.ts';
import { isAmbiguous } from './ambiguous.ts';
import { type Choice, choose, choosePinned } from './choose.ts';
import type { Gated } from './gated.ts';
import { NO_PINS, type Picking } from './picking.ts';
import { pinByHeader, pinByPath } from './pin.ts';
import type { Refusal } from './refusal.ts';

/** Where one request goes. */
export interface Decision extends RetryPlan {
  readonly where: Where;
  readonly target: Target;
  /** The path that the rule goes by, where the request's own has a pinned version in front. */
  readonly rulePath?: string | undefined;
  /** The path that the upstream sees, without query. */
  readonly path: string;
  /** How the version was chosen, where there was a choice. */
  readonly choice?: Choice | undefined;
  /** A value of `Set-Cookie` for the answer: the caller is known by it from now on. */
  readonly setCookie?: string | undefined;
  /** Whoever answers is told to the caller. */
  readonly session?: CallerSession | undefined;
  /** Milliseconds over all attempts, where the rule says so. */
  readonly timeout?: number | undefined;
  /** Milliseconds of each attempt, where the rule says so. */
  readonly tryTimeout?: number | undefined;
  readonly filters?: CompiledFilters | undefined;
  /** What the limits of the rule said. */
  readonly limited?: Verdict | undefined;
}

export type { Refusal } from './refusal.ts';

/** The rule answers by itself. */
export interface OwnAnswer {
  readonly where: Where;
  readonly answer: Answer;
  /** They have had their say. */
  readonly filters?: undefined;
  /** What we answer by ourselves is not counted. */
  readonly limited?: undefined;
}

/** What becomes of a request that may pass. */
export type Passed = Decision | Refusal | OwnAnswer;

export type Outcome = Passed | Gated<Passed>;

export const isRefusal = (outcome: Outcome): outcome is Refusal => 'code' in outcome;

export const isDecision = (outcome: Outcome): outcome is Decision => 'target' in outcome;

export const isGated = (outcome: Outcome): outcome is Gated<Passed> => 'auth' in outcome;

export const isOwnAnswer = (outcome: Outcome): outcome is OwnAnswer => 'answer' in outcome;

/**
 * match -> filters -> limits -> auth -> version -> pick, on one table. Same table, facts, fleet, time, chance and
 * sequences: same decision.
 *
 * @param now monotonic milliseconds
 * @param chance draws from [0, 1)
 */
export const decide = (
  table: RouteTable,
  facts: RequestFacts,
  fleet: Fleet,
  now: number,
  chance: () => number,
  picking = NO_PINS,
): Outcome => {
  let route = matchRoute(table, facts);
  let rulePath: string | undefined;
  let pinned: string | undefined;
  if (picking.pinsByPath) {
    const pin = pinByPath(table, facts, route);
    if (pin !== undefined) ({ route, path: rulePath, version: pinned } = pin);
  }
  if (isAmbiguous(table, facts, route, picking.pinsByPath)) return { code: 'bad_request' };
  if (route === undefined) return { code: 'no_route' };
  let limited: Verdict | undefined;
  if (route.filters !== undefined) {
    const answer = answerByFilters(route.filters, facts, rulePath, route.where);
    if (answer !== undefined) return answer;
    limited = route.filters.limits && picking.limits?.judge(route.filters.limits, facts, now);
    // Before anything is drawn: of what is turned away no version gets a share.
    if (limited?.isAdmitted === false)
      return { code: 'rate_limited', where: route.where, filters: route.filters, limited };
    const { auth } = route.filters;
    if (auth !== undefined) {
      const { filters, where } = route;
      const found = { route, rulePath, pinned, limited };
      const decide: Gated<Passed>['decide'] = (facts, now) =>
        place(found, facts, fleet, now, chance, picking);
      return { where, auth, filters, limited, rulePath, decide };
    }
  }
  return place({ route, rulePath, pinned, limited }, facts, fleet, now, chance, picking);
};

/** The rule of a request, and the version that its path has in front. */
interface Found {
  readonly route: Route;
  readonly rulePath: string | undefined;
  readonly pinned: string | undefined;
  /** What the limits of its rule say of it. */
  readonly limited: Verdict | undefined;
}

const place = (
  { route, rulePath, pinned: inFront, limited }: Found,
  facts: RequestFacts,
  fleet: Fleet,
  now: number,
  chance: () => number,
  picking: Picking,
): Passed => {
  const pinned = inFront ?? pinByHeader(picking, facts);
  const session = picking.sessions && route.session?.of(facts, picking.sessions, fleet, now, pinned);
  const chosen =
    inSession(session, pinned) ??
    (pinned === undefined
      ? (route.only ?? choose(route, facts, picking, fleet, now, chance))
      : choosePinned(route, pinned, facts, picking, chance));
  if ('code' in chosen) return refuse(chosen, route.filters, limited);
  const choice = chosen instanceof RouteArm ? undefined : chosen;
  const arm = chosen instanceof RouteArm ? chosen : chosen.arm;
  const { filters } = arm;
  if (filters !== undefined && filters !== route.filters) {
    const answer = answerByFilters(filters, facts, rulePath, arm.where);
    if (answer !== undefined) return answer;
  }
  const key = keyOf(route, facts, fleet, choice?.newcomer);
  const target =
    session?.place?.target ??
    arm.only ??
    pickTarget(fleet, arm.targets, { balance: route.balance, key }, now, chance);
  if (target === undefined) return refuse({ code: 'no_instance', where: arm.where }, filters, limited);
  return {
    where: arm.where,
    target,
    rulePath,
    path: upstreamPath(rulePath ?? facts.path, filters?.request, target),
    candidates: arm.targets,
    balance: route.balance,
    key,
    retries: route.retries,
    retry: route.retry,
    timeout: route.timeout,
    tryTimeout: route.tryTimeout,
    filters,
    limited,
    choice,
    setCookie: choice && setCookieOf(route, choice, facts),
    session,
  };
};

const inSession = (session: CallerSession | undefined, pinned: string | undefined): Choice | undefined => {
  if (session?.place === undefined) return undefined;
  const { arm, source } = session.place;
  return { arm, reason: pinned === undefined ? 'session' : 'pin', source };
};

const refuse = (
  refusal: Refusal,
  filters: CompiledFilters | undefined,
  limited: Verdict | undefined,
): Refusal => (filters === undefined ? refusal : { ...refusal, filters, limited });

/** @returns undefined where the request is to go to an upstream */
const answerByFilters = (
  filters: CompiledFilters,
  facts: RequestFacts,
  rulePath: string | undefined,
  where: Where,
): Refusal | OwnAnswer | undefined => {
  if ((filters.access ?? filters.cors ?? filters.redirect) === undefined) return undefined;
  const answer = answerOf(filters, facts, rulePath);
  if (answer === undefined) return undefined;
  return answer === 'forbidden' ? { code: answer, where, filters } : { where, answer };
};

const setCookieOf = (
  { sticky }: Route,
  { newcomer }: Choice,
  { scheme }: RequestFacts,
): string | undefined =>
  sticky === undefined || newcomer === undefined
    ? undefined
    : cookieFor({ name: sticky.name ?? '' }, newcomer, scheme === 'https');

const BY_ADDRESS: HashKey = { of: 'address' };

/** @param newcomer the cookie that the caller is given: it is the same one when it comes back with it */
const keyOf = (
  { balance, hash = BY_ADDRESS, sticky }: Route,
  facts: RequestFacts,
  { settings }: Fleet,
  newcomer: string | undefined,
): number | undefined => {
  if ((balance ?? settings.balance) !== 'hash') return undefined;
  const isByNewCookie = newcomer !== undefined && hash.of === 'cookie' && hash.name === sticky?.name;
  return isByNewCookie ? hash32(newcomer) : hashOf(hash, facts);
};

/** The path as the rule and then one instance want it: its own part follows the instance, so a retry asks again. */
export const upstreamPath = (
  path: string,
  byRule: RequestChange | undefined,
  { path: byInstance }: Target,
): string => {
  const changed = byRule?.path === undefined ? path : changePath(path, byRule.path, byRule.matched);
  return byInstance === undefined ? changed : changePath(changed, byInstance, '');
};
