import { type CompiledFilters, compileFilters } from '../filters/compile.ts';
import type { Backend, Rule } from '../model/rule.ts';
import type { BalanceName, HashKey, RetryRule, Sticky } from '../model/traffic.ts';
import { Where } from '../model/where.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { Shared } from '../split/draw.ts';
import type { Sequence } from '../split/sequence.ts';
import { type Condition, conditionsOf, holdAll } from './conditions.ts';
import { type RouteArm, RouteBackend } from './route-backend.ts';
import { RouteSession } from './route-session.ts';

/**
 * A rule as requests meet it, in a compiled table. With thousands of rules no cache holds them: what most requests need
 * lies together.
 */
export class Route implements Shared {
  /** What it asks for besides host and path, where it does. */
  readonly conditions: readonly Condition[] | undefined;
  /** The next in order of precedence with the same host and path. */
  readonly next: Route | undefined;
  /** The arm of all requests that pin no version, where there is just one to choose and nobody to be told it. */
  readonly only: RouteArm | undefined;
  readonly balance: BalanceName | undefined;
  readonly retries: number | undefined;
  readonly timeout: number | undefined;
  readonly tryTimeout: number | undefined;
  readonly retry: RetryRule | undefined;
  readonly filters: CompiledFilters | undefined;
  readonly hash: HashKey | undefined;
  readonly sticky: Sticky | undefined;
  readonly session: RouteSession | undefined;
  readonly backends: readonly RouteBackend[];
  /** Of those that no backend is chosen for. */
  readonly where: Where;
  readonly rule: Rule;
  sequence: Sequence | undefined = undefined;

  /** @param like another route of the same rule: what is counted there goes on being counted there */
  constructor(rule: Rule, next?: Route, like?: Route) {
    const { id, match, backends, balance, hash, sticky, session, retries, timeout, tryTimeout, retry } = rule;
    this.conditions = like === undefined ? conditionsOf(match) : like.conditions;
    this.next = next;
    this.rule = rule;
    this.filters = like === undefined ? compileFilters(id, match, [rule]) : like.filters;
    this.backends = like?.backends ?? backends.map((backend, place) => this.#compile(backend, place));
    const [first, second] = this.backends;
    const alone = second === undefined ? first : undefined;
    this.only = alone !== undefined && alone.share > 0 && sticky === undefined ? alone.only : undefined;
    this.balance = balance;
    this.retries = retries;
    this.timeout = timeout;
    this.tryTimeout = tryTimeout;
    this.retry = retry;
    this.hash = hash;
    this.sticky = sticky;
    this.session = like === undefined ? session && new RouteSession(session, this.backends) : like.session;
    this.where = alone?.where ?? like?.where ?? new Where(id, '', '');
  }

  #compile(backend: Backend, place: number): RouteBackend {
    const { id, match } = this.rule;
    const filters = backend.filters && compileFilters(id, match, [this.rule, backend], place);
    return new RouteBackend(id, place, backend, filters ?? this.filters);
  }

  get sequenceKey(): string {
    return this.rule.id;
  }

  /** Whether all that it asks for besides host and path holds. */
  takes(facts: RequestFacts): boolean {
    return this.conditions === undefined || holdAll(this.conditions, facts);
  }

  /** Whether a request may pin this version. */
  hasLive(version: string): boolean {
    return this.backends.some(backend => backend.share > 0 && backend.armOf(version) !== undefined);
  }
}

/** A route and those behind it. */
export const routesFrom = (first: Route | undefined): Route[] => {
  const routes: Route[] = [];
  for (let route = first; route !== undefined; route = route.next) routes.push(route);
  return routes;
};

/** The first of them that takes a request. */
export const firstTaking = (first: Route, facts: RequestFacts): Route | undefined => {
  for (let route: Route | undefined = first; route !== undefined; route = route.next) {
    if (route.takes(facts)) return route;
  }
  return undefined;
};
