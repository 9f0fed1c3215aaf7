import type { Weights } from '../core/model/split.ts';
import { type LedgerEntry, readWeight, WeightsError, type WrittenWeights } from '../core/model/weights.ts';
import { judgeField } from './check.ts';

export interface Undo {
  /** Empty where nobody had set any. */
  readonly weights: Weights;
  /** The revision that is undone. */
  readonly revision: number;
  /** Of the last entry that was looked at: an undo of what somebody has changed since is no undo. */
  readonly expectRevision: number;
}

/** What an entry has in every store and answer. */
type Undoable = Pick<LedgerEntry, 'revision' | 'from'> & {
  readonly action?: string;
  readonly frozen?: object;
};

/**
 * The weights that were there before a revision, or before the last one that changed any. Undoing an undo does again
 * what that undid.
 *
 * @param entries the newest first
 * @throws WeightsError `refused` where there is nothing to go back to
 */
export const findUndo = (entries: readonly Undoable[], revision?: number): Undo => {
  const found = entries.find(entry =>
    revision === undefined ? changedWeights(entry) : entry.revision === revision,
  );
  const [last] = entries;
  if (found === undefined || last === undefined) {
    const missing = revision === undefined ? 'no change' : `no revision ${revision}`;
    throw new WeightsError('refused', `there is ${missing} in the ledger; the history shows what there is`);
  }
  if (!changedWeights(found)) {
    throw new WeightsError('refused', `revision ${found.revision} left the weights as they were`);
  }
  return {
    weights: readWritten(found.from, found.revision),
    revision: found.revision,
    expectRevision: last.revision,
  };
};

/** Neither do a freeze and its end, nor what was put back while it lasted. */
const changedWeights = ({ action, frozen }: Undoable): boolean =>
  action === undefined && frozen === undefined;

const readWritten = (written: WrittenWeights, revision: number): Weights => {
  const weights = new Map<string, number>();
  for (const [version, weight] of Object.entries(written)) {
    const problem = judgeField(version, weight);
    if (problem !== undefined) {
      const hint = 'set the weights that you want';
      throw new WeightsError(
        'refused',
        `what was there before revision ${revision} was never in force: ${problem}; ${hint}`,
      );
    }
    weights.set(version, readWeight(weight) ?? 0);
  }
  return weights;
};
