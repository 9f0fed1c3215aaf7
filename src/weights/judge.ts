import type { ServiceWeights, Weights } from '../core/model/split.ts';
import { type LedgerEntry, readWeight } from '../core/model/weights.ts';
import { judgeField } from './check.ts';
import type { Reading } from './reading.ts';

/**
 * What is in force after a look at Redis.
 *
 * A sound hash is the truth. A bad one leaves the last good weights in force, and so does a Redis that was
 * wiped: both hash and ledger are gone although there were weights. A hash that is gone while its ledger is
 * there was deleted, on purpose. (A hash that was written and deleted by hand before any gateway saw it, or
 * that Redis has evicted or expired, can't be told from these.)
 *
 * @param previous what was in force until now; of a service that was never read, the ledger tells what was, so that a
 * gateway that has just begun agrees with the others
 */
export const judge = (previous: ServiceWeights | undefined, reading: Reading): ServiceWeights => {
  const isFrozen = reading.last?.frozen !== undefined;
  const rules = reading.byHand && !isFrozen ? {} : rulesOf(reading.last);
  const bad = whatIsBad(reading);
  if (bad !== undefined) return { ...hold(previous ?? lastEntered(reading), bad), ...rules };
  if (reading.byHand && isFrozen) {
    const problem = 'somebody changed the hash although these weights are frozen: it is put back';
    return { ...hold(lastEntered(reading), problem), ...rules };
  }
  const revision = reading.byHand ? 0 : (reading.last?.revision ?? 0);
  if (reading.type === 'hash') return { weights: toWeights(reading.fields), revision, ...rules };
  if (reading.ledgerType === 'none' && previous?.weights !== undefined) {
    return hold(
      previous,
      'Redis was wiped: weights and ledger are gone; set the weights again, or clear them',
    );
  }
  return { revision, ...rules };
};

/** What the last entry says of the time to come. */
const rulesOf = (last: LedgerEntry | undefined): Pick<ServiceWeights, 'reverts' | 'frozen'> => ({
  ...(last?.reverts === undefined ? {} : { reverts: last.reverts }),
  ...(last?.frozen === undefined ? {} : { frozen: last.frozen }),
});

const whatIsBad = ({ type, fields, size, ledgerType }: Reading): string | undefined => {
  if (type !== 'hash' && type !== 'none') return `the key of the weights holds a ${type}, not a hash: DEL it`;
  if (size > 0 && fields.length === 0) {
    return `the hash of the weights is too large, it has ${size} fields: DEL it`;
  }
  if (type === 'none' && ledgerType !== 'none' && ledgerType !== 'stream') {
    return `the weights are gone, and the key of the ledger holds a ${ledgerType}, not a stream: DEL it`;
  }
  for (const [version, weight] of fields) {
    const problem = judgeField(version, weight);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

const hold = (previous: ServiceWeights | undefined, problem: string): ServiceWeights =>
  previous?.weights === undefined
    ? { revision: 0, problem }
    : { weights: previous.weights, revision: previous.revision, problem };

/** A bad change by hand may be in the ledger already: then it is what was before that. */
const lastEntered = ({ last }: Reading): ServiceWeights | undefined => {
  if (last === undefined) return undefined;
  const { revision } = last;
  const isSound = (fields: Reading['fields']): boolean =>
    fields.every(([version, weight]) => judgeField(version, weight) === undefined);
  const fields = [last.to, last.from].map(written => Object.entries(written)).find(isSound);
  return fields === undefined || fields.length === 0 ? undefined : { weights: toWeights(fields), revision };
};

const toWeights = (fields: Reading['fields']): Weights =>
  new Map(fields.map(([version, weight]) => [version, readWeight(weight) ?? 0]));

/** Whether nothing has changed for anyone. */
export const sameWeights = (a: ServiceWeights | undefined, b: ServiceWeights): boolean =>
  a !== undefined &&
  a.revision === b.revision &&
  a.problem === b.problem &&
  a.reverts?.at === b.reverts?.at &&
  a.frozen?.since === b.frozen?.since &&
  a.weights?.size === b.weights?.size &&
  [...(b.weights ?? [])].every(([version, weight]) => a.weights?.get(version) === weight);
