import type { Backend, Target } from '../model/rule.ts';
import { Where } from '../model/where.ts';
import { draw, type Sequences, type Shared } from '../split/draw.ts';
import type { Step } from '../split/sequence.ts';
import { chooseByShare } from '../split/split.ts';

/** A service to which a rule sends something beside its requests: copies, or the question whether they may pass. */
export interface Side extends Shared {
  readonly arms: readonly SideArm[];
  /** Of what no version takes. */
  readonly where: Where;
}

export interface SideArm {
  readonly share: number;
  readonly targets: readonly Target[];
  readonly where: Where;
}

/**
 * @param route the rule's id
 * @param sequenceKey of the versions
 */
export const compileSide = (
  route: string,
  { service, version = '', arms }: Backend,
  sequenceKey: string,
): Side => ({
  sequenceKey,
  sequence: undefined,
  arms: arms.map(arm => ({ ...arm, where: new Where(route, service, arm.version) })),
  where: new Where(route, service, version),
});

/**
 * By the split of its service's versions.
 *
 * @param chance draws from [0, 1)
 * @returns undefined where no version takes anything
 */
export const chooseArm = (
  side: Side,
  sequences: Sequences | undefined,
  chance: () => number,
  step: Step,
): SideArm | undefined => chooseByShare(side.arms, draw(side, sequences, chance, step));
