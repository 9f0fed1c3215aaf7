import type { Filter } from '../model/filter.ts';
import type { Field } from './field.ts';
import { REFERENCE_FIELDS, readReference } from './reference.ts';

const MOST = 2 ** 31 - 1;

/** HTTPRequestMirrorFilter. One whose backend can't be used mirrors nothing. */
export const readMirror = (field: Field): Filter | undefined => {
  const of = field.object('backendRef', 'percent', 'fraction');
  if (of.percent !== undefined) of.fraction?.error('does not go with percent: keep one of the two');
  const percent = of.percent?.integer(0, 100) ?? 100;
  const share = of.fraction === undefined ? percent / 100 : readFraction(of.fraction);
  if (of.backendRef === undefined) return field.missing('backendRef', 'where requests are mirrored to');
  const reference = readReference(of.backendRef, of.backendRef.object(...REFERENCE_FIELDS));
  if (reference === undefined) return undefined;
  if ('unusable' in reference) {
    of.backendRef.report('note', `${reference.unusable}: nothing is mirrored`);
    return undefined;
  }
  return { type: 'mirror', ...reference, share };
};

/** Fraction, in [0, 1]. */
const readFraction = (field: Field): number => {
  const of = field.object('numerator', 'denominator');
  const numerator =
    of.numerator === undefined ? field.missing('numerator', 'e.g. 5') : of.numerator.integer(0, MOST);
  const denominator = of.denominator?.integer(1, MOST) ?? 100;
  if (numerator === undefined) return 0;
  if (numerator > denominator) field.error('the numerator must not be larger than the denominator');
  return numerator / denominator;
};
