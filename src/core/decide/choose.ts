import type { Fleet } from '../balance/fleet.ts';
import type { Hashable } from '../hash.ts';
import type { SplitSource } from '../model/split.ts';
import type { Route } from '../route/route.ts';
import type { RouteArm } from '../route/route-backend.ts';
import { draw, type Shared } from '../split/draw.ts';
import { STEPS } from '../split/sequence.ts';
import { chooseByShare } from '../split/split.ts';
import { callerHash, callerOf, chooseForCaller } from '../split/sticky.ts';
import type { Picking } from './picking.ts';
import type { Refusal } from './refusal.ts';

/** Which version serves a request, and why. */
export interface Choice {
  readonly arm: RouteArm;
  /** `only`: there was no other that may. */
  readonly reason: 'pin' | 'session' | 'sticky' | 'split' | 'only';
  /** Where the shares of the versions come from. */
  readonly source: SplitSource;
  /** What chose the version, in [0, 1): what was drawn, or the hash of a sticky caller. */
  readonly roll?: number | undefined;
  /** What chose among several services of the rule, in [0, 1). */
  readonly serviceRoll?: number | undefined;
  /** By what this caller is to be known from now on: it had no cookie. */
  readonly newcomer?: string | undefined;
}

/**
 * Between the services of a rule its shares decide, between versions of one the split. A sticky caller falls on the same
 * ones each time, anybody else where the next draw has it.
 */
export const choose = (
  route: Route,
  request: Hashable,
  picking: Picking,
  fleet: Fleet,
  now: number,
  chance: () => number,
): Choice | Refusal => {
  const { backends, sticky, where } = route;
  const { stickyKey, newCookie } = picking;
  let newcomer: string | undefined;
  let caller = sticky && callerOf(sticky, request, stickyKey);
  if (caller === undefined && sticky?.of === 'cookie' && newCookie !== undefined) {
    newcomer = newCookie();
    caller = callerHash(newcomer, stickyKey);
  }
  let [backend] = backends;
  let serviceRoll: number | undefined;
  if (backends.length > 1) {
    serviceRoll = rollOf(caller, route, picking, chance);
    backend = caller === undefined ? chooseByShare(backends, serviceRoll) : chooseForCaller(backends, caller);
  }
  if (backend === undefined || backend.share === 0) return { code: 'no_backend', where };
  if (backend.isUnknown) return { code: 'no_backend', where: backend.where };
  const { only, source } = backend;
  if (only !== undefined) return { arm: only, reason: 'only', source, serviceRoll, newcomer };
  const roll = rollOf(caller, backend, picking, chance);
  let arm = caller === undefined ? chooseByShare(backend.arms, roll) : chooseForCaller(backend.arms, caller);
  if (arm !== undefined && fleet.areAllOut(arm.targets, now)) {
    const able = backend.arms.filter(({ targets }) => !fleet.areAllOut(targets, now));
    arm =
      (caller === undefined ? standIn(able, arm, backend.arms, roll) : chooseForCaller(able, caller)) ?? arm;
  }
  if (arm === undefined) return { code: 'no_instance', where: backend.where };
  return { arm, reason: caller === undefined ? 'split' : 'sticky', source, roll, serviceRoll, newcomer };
};

/**
 * Who has what falls on a version none of whose instances can be used: the others by their shares, as evenly as it would have
 * had it. What falls on them anyway stays with them.
 *
 * @returns undefined where nobody can
 */
const standIn = (
  able: readonly RouteArm[],
  out: RouteArm,
  arms: readonly RouteArm[],
  roll: number,
): RouteArm | undefined => {
  let from = 0;
  for (const arm of arms) {
    if (arm === out) break;
    from += arm.share;
  }
  const total = able.reduce((sum, { share }) => sum + share, 0);
  return chooseByShare(able, ((roll - from) / out.share) * total);
};

const rollOf = (
  caller: number | undefined,
  of: Shared,
  { sequences }: Picking,
  chance: () => number,
): number => (caller === undefined ? draw(of, sequences, chance, STEPS.serving) : caller / 2 ** 32);

/**
 * The version that a request names, be its share 0: that is how a version is tried before it gets traffic. Of several
 * services those that have it live share the request as they share the rule's, so one without any is left out. A sticky
 * caller that is known falls on the same service each time.
 */
export const choosePinned = (
  { backends, sticky, where, sequenceKey }: Route,
  version: string,
  request: Hashable,
  picking: Picking,
  chance: () => number,
): Choice | Refusal => {
  if (!backends.some(({ share }) => share > 0)) return { code: 'no_backend', where };
  const able = backends.filter(backend => backend.share > 0 && backend.armOf(version) !== undefined);
  const caller = sticky && callerOf(sticky, request, picking.stickyKey);
  let [backend] = able;
  let serviceRoll: number | undefined;
  if (able.length > 1) {
    // Each version has its own: other services may have it live.
    const pinned: Shared = { sequenceKey: `${sequenceKey}\npin ${version}`, sequence: undefined };
    serviceRoll = rollOf(caller, pinned, picking, chance);
    backend =
      caller === undefined ? chooseByShare(able, serviceRoll * sumOf(able)) : chooseForCaller(able, caller);
  }
  const arm = backend?.armOf(version);
  if (backend !== undefined && arm !== undefined) {
    return { arm, reason: 'pin', source: backend.source, serviceRoll };
  }
  return { code: 'version_not_live', where };
};

const sumOf = (parts: readonly { readonly share: number }[]): number =>
  parts.reduce((sum, { share }) => sum + share, 0);
