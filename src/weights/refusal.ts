import { type Act, type LedgerEntry, WeightsError, type WrittenWeights } from '../core/model/weights.ts';

/** Why a store leaves a service as it is. `unfrozen`: there is nothing to unfreeze. */
export type Refusal = 'conflict' | 'frozen' | 'unfrozen' | 'fenced';

/** @param last the last entry of the ledger, absent where there is none */
export const refusal = (
  why: Refusal,
  service: string,
  act: Act,
  last: LedgerEntry | undefined,
): WeightsError => {
  const code = why === 'unfrozen' ? 'refused' : why;
  return new WeightsError(code, `${service}: ${SENTENCES[why](act, last)}`, { entry: last });
};

const SENTENCES: Readonly<Record<Refusal, (act: Act, last: LedgerEntry | undefined) => string>> = {
  conflict: ({ expectRevision = 0 }, last) =>
    last === undefined
      ? `revision ${expectRevision} was expected, and its ledger is empty; look at the weights again`
      : `revision ${expectRevision} was expected, and ${describeEntry(last)}; look at it, then change that`,
  frozen: (_act, last) => {
    const { by = 'somebody', since = 0, reason } = last?.frozen ?? {};
    const why = reason === undefined ? '' : `: ${reason}`;
    return `frozen by ${by} since ${new Date(since).toISOString()}${why}; ask them, or unfreeze it`;
  },
  unfrozen: () => 'it is not frozen',
  fenced: () => 'another has taken over meanwhile',
};

const describeEntry = ({ revision, actor, source, action, to, reason }: LedgerEntry): string => {
  const what =
    action === undefined ? `set ${describeWeights(to)}` : `${action === 'freeze' ? 'froze' : 'unfroze'} it`;
  return `${actor} ${what} by ${source} in revision ${revision}${reason === undefined ? '' : ` (${reason})`}`;
};

const describeWeights = (weights: WrittenWeights): string =>
  Object.entries(weights)
    .map(([version, weight]) => `${version} ${weight}`)
    .join(', ') || 'none';
