import type { Target } from '../model/rule.ts';
import type { Where } from '../model/where.ts';
import { draw, type Sequences, type Shared } from '../split/draw.ts';
import { STEPS } from '../split/sequence.ts';
import { chooseArm, type Side } from './side.ts';

/**
 * Whether a request is copied: asked once for each, in [0, 1] of them, as evenly as versions are drawn and whoever serves it.
 *
 * @param chance draws from [0, 1)
 */
export const isCopied = (
  mirror: Shared & { readonly share: number },
  sequences: Sequences | undefined,
  chance: () => number,
): boolean => draw(mirror, sequences, chance, STEPS.copying) < mirror.share;

/**
 * One instance, by the split of its service's versions; within a version all are equally likely, since what copies
 * do says nothing about an instance.
 *
 * @param chance draws from [0, 1)
 */
export const pickMirror = (
  to: Side,
  sequences: Sequences | undefined,
  chance: () => number,
): { readonly target: Target | undefined; readonly where: Where } => {
  const arm = chooseArm(to, sequences, chance, STEPS.copied);
  if (arm === undefined) return { target: undefined, where: to.where };
  return { target: arm.targets[Math.floor(chance() * arm.targets.length)], where: arm.where };
};
