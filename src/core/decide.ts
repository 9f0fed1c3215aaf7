import { pickTarget } from './balance.ts';
import type { ErrorCode } from './errors.ts';
import type { Fleet } from './fleet.ts';
import { type Hashable, hashOf } from './hash.ts';
import { matchRoute, type RouteTable } from './match.ts';
import type { HashKey, Target } from './model.ts';
import { stripPrefix } from './path.ts';
import type { RetryPlan } from './retry.ts';
import type { Route } from './route.ts';
import type { RouteArm } from './route-backend.ts';
import { chooseByShare } from './split.ts';
import type { Where } from './where.ts';

/** What routing needs to know of a request, free of any server's types. */
export interface RequestFacts extends Hashable {
  /** Lower case, without port. */
  readonly host: string;
  /** Normalised (core/path), without query. */
  readonly path: string;
}

/** Where one request goes. */
export interface Decision extends RetryPlan {
  readonly where: Where;
  readonly target: Target;
  /** The path that the upstream sees, without query. */
  readonly path: string;
  /** Milliseconds over all attempts, where the rule says so. */
  readonly timeout?: number | undefined;
}

export interface Refusal {
  readonly code: ErrorCode;
  /** What is known of where the request was to go, so that spans and metrics can name it. */
  readonly where?: Where;
}

export const isRefusal = (outcome: Decision | Refusal): outcome is Refusal => 'code' in outcome;

/**
 * match -> split -> pick, on one table. Same table, facts, fleet, time and chance: same decision.
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
): Decision | Refusal => {
  const route = matchRoute(table, facts.host, facts.path);
  if (route === undefined) return { code: 'no_route' };
  const arm = route.only ?? chooseArm(route, chance);
  if ('code' in arm) return arm;
  const key = keyOf(route, facts, fleet);
  const target =
    arm.only ?? pickTarget(fleet, arm.targets, { balance: route.balance, key }, now, chance);
  if (target === undefined) return { code: 'no_instance', where: arm.where };
  return {
    where: arm.where,
    target,
    path: upstreamPath(facts.path, target),
    candidates: arm.targets,
    balance: route.balance,
    key,
    retries: route.retries,
    timeout: route.timeout,
  };
};

/** Between backends the rule's shares decide, between versions of one the split. */
const chooseArm = ({ backends, where }: Route, chance: () => number): RouteArm | Refusal => {
  const backend = backends.length === 1 ? backends[0] : chooseByShare(backends, chance());
  if (backend === undefined || backend.share === 0) return { code: 'no_backend', where };
  if (backend.isUnknown) return { code: 'no_backend', where: backend.where };
  const arm = backend.only ?? (backend.arms.length > 1 ? chooseByShare(backend.arms, chance()) : undefined);
  return arm ?? { code: 'no_instance', where: backend.where };
};

const BY_ADDRESS: HashKey = { of: 'address' };

const keyOf = (
  { balance, hash = BY_ADDRESS }: Route,
  facts: RequestFacts,
  { settings }: Fleet,
): number | undefined => ((balance ?? settings.balance) === 'hash' ? hashOf(hash, facts) : undefined);

/** The path as one instance wants it: what is stripped follows the instance, so a retry asks again. */
export const upstreamPath = (path: string, { strip }: Target): string =>
  strip === undefined ? path : stripPrefix(path, strip);
