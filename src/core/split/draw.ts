import type { Kept } from '../kept.ts';
import { Sequence, type Step } from './sequence.ts';

/** Something that is shared out. */
export interface Shared {
  /** What its sequence is kept by from one table to the next. */
  readonly sequenceKey: string;
  /** Once something was drawn. */
  sequence: Sequence | undefined;
}

/** By their keys, outliving snapshots. */
export type Sequences = Kept<Sequence>;

/**
 * The next of what is drawn for it, in [0, 1). A table that follows another draws on where that one was.
 *
 * @param sequences where left out, each draw is by chance alone
 * @param step the same each time
 */
export const draw = (
  of: Shared,
  sequences: Sequences | undefined,
  chance: () => number,
  step: Step,
): number => {
  if (sequences === undefined) return chance();
  of.sequence ??= sequences.of(of.sequenceKey, () => new Sequence(chance(), step));
  return of.sequence.next();
};
