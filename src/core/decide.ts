import { pickTarget } from './balance.ts';
import type { ErrorCode } from './errors.ts';
import type { Fleet } from './fleet.ts';
import { type Hashable, hashOf } from './hash.ts';
import { matchRoute, type RouteTable } from './match.ts';
import type { HashKey, Rule, Target } from './model.ts';
import { stripPrefix } from './path.ts';
import type { RetryPlan } from './retry.ts';
import { chooseByShare } from './split.ts';

/** What routing needs to know of a request, free of any server's types. */
export interface RequestFacts extends Hashable {
  /** Lower case, without port. */
  readonly host: string;
  /** Normalised (core/path), without query. */
  readonly path: string;
}

/** Where one request goes. */
export interface Decision extends RetryPlan {
  /** The rule's id, for spans, metrics and logs. */
  readonly route: string;
  readonly service: string;
  readonly version: string;
  readonly target: Target;
  /** The path that the upstream sees, without query. */
  readonly path: string;
  /** Milliseconds over all attempts, where the rule says so. */
  readonly timeout?: number | undefined;
}

/** A refusal that still knows the rule, so that spans and metrics can name it. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly route?: string;
  readonly service?: string;
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
  const rule = matchRoute(table, facts.host, facts.path);
  if (rule === undefined) return { code: 'no_route' };
  const arm = rule.arms.length === 1 ? firstWithShare(rule.arms) : chooseByShare(rule.arms, chance());
  const key = keyOf(rule, facts, fleet);
  const target = arm && pickTarget(fleet, arm.targets, { balance: rule.balance, key }, now, chance);
  if (arm === undefined || target === undefined) {
    return { code: 'no_instance', route: rule.id, service: rule.service };
  }
  return {
    route: rule.id,
    service: rule.service,
    version: arm.version,
    target,
    path: upstreamPath(facts.path, target),
    candidates: arm.targets,
    balance: rule.balance,
    key,
    retries: rule.retries,
    timeout: rule.timeout,
  };
};

const BY_ADDRESS: HashKey = { of: 'address' };

const keyOf = (
  { balance, hash = BY_ADDRESS }: Rule,
  facts: RequestFacts,
  { settings }: Fleet,
): number | undefined => ((balance ?? settings.balance) === 'hash' ? hashOf(hash, facts) : undefined);

/** The path as one instance wants it: what is stripped follows the instance, so a retry asks again. */
export const upstreamPath = (path: string, { strip }: Target): string =>
  strip === undefined ? path : stripPrefix(path, strip);

const firstWithShare = <T extends { share: number }>([only]: readonly T[]): T | undefined =>
  only !== undefined && only.share > 0 ? only : undefined;
