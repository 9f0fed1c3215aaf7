import type { Backend, Target } from '../model/rule.ts';
import { Where } from '../model/where.ts';
import { chooseByShare } from '../split/split.ts';

/** Whom copies of requests go to. */
export interface MirrorBackend {
  readonly arms: readonly MirrorArm[];
  /** Of those that no version takes. */
  readonly where: Where;
}

interface MirrorArm {
  readonly share: number;
  readonly targets: readonly Target[];
  readonly where: Where;
}

/** @param route the rule's id */
export const compileMirror = (route: string, { service, version = '', arms }: Backend): MirrorBackend => ({
  arms: arms.map(arm => ({ ...arm, where: new Where(route, service, arm.version) })),
  where: new Where(route, service, version),
});

/**
 * One instance, by the split of its service's versions; within a version all are equally likely, since what copies
 * do says nothing about an instance.
 *
 * @param chance draws from [0, 1)
 */
export const pickMirror = (
  { arms, where }: MirrorBackend,
  chance: () => number,
): { readonly target: Target | undefined; readonly where: Where } => {
  const arm = chooseByShare(arms, chance());
  if (arm === undefined) return { target: undefined, where };
  return { target: arm.targets[Math.floor(chance() * arm.targets.length)], where: arm.where };
};
