import { type Loads, pickTarget } from './balance.ts';
import type { ErrorCode } from './errors.ts';
import { matchRoute, type RouteTable } from './match.ts';
import type { Target } from './model.ts';
import { stripPrefix } from './path.ts';
import { chooseByShare } from './split.ts';

/** What routing needs to know of a request, free of any server's types. */
export interface RequestFacts {
  /** Lower case, without port. */
  readonly host: string;
  /** Normalised (core/path), without query. */
  readonly path: string;
}

/** Where one request goes. */
export interface Decision {
  /** The rule's id, for spans, metrics and logs. */
  readonly route: string;
  readonly service: string;
  readonly version: string;
  readonly target: Target;
  /** The path that the upstream sees, without query. */
  readonly path: string;
  /** Targets of the same version: where a retry may go. Includes `target`. */
  readonly candidates: readonly Target[];
}

/** A refusal that still knows the rule, so that spans and metrics can name it. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly route?: string;
  readonly service?: string;
}

export const isRefusal = (outcome: Decision | Refusal): outcome is Refusal => 'code' in outcome;

/** match -> split -> pick, on one table. Same table, facts, loads and chance: same decision. */
export const decide = (
  table: RouteTable,
  facts: RequestFacts,
  loads: Loads,
  chance: () => number,
): Decision | Refusal => {
  const rule = matchRoute(table, facts.host, facts.path);
  if (rule === undefined) return { code: 'no_route' };
  const arm = rule.arms.length === 1 ? firstWithShare(rule.arms) : chooseByShare(rule.arms, chance());
  const target = arm && pickTarget(arm.targets, loads, chance);
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
  };
};

/** The path as one instance wants it: what is stripped follows the instance, so a retry asks again. */
export const upstreamPath = (path: string, { strip }: Target): string =>
  strip === undefined ? path : stripPrefix(path, strip);

const firstWithShare = <T extends { share: number }>([only]: readonly T[]): T | undefined =>
  only !== undefined && only.share > 0 ? only : undefined;
