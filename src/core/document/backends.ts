import type { Filter } from '../model/filter.ts';
import type { Field } from './field.ts';
import { NO_FILTERS, readFilters } from './filters.ts';
import { REFERENCE_FIELDS, readReference } from './reference.ts';

/** One entry of `backendRefs`. */
export interface Backend {
  /** Absent where what is referred to can never be a service: its share is answered 500. */
  readonly service?: string;
  /** One version of the service, instead of its split. */
  readonly version?: string;
  /** From 0 to 1,000,000; its share is that of all weights of the rule. */
  readonly weight: number;
  readonly filters?: readonly Filter[];
}

/** HTTPBackendRef, with the fields of its filters that replace a matched prefix. */
export const readBackend = (
  field: Field,
): { readonly backend: Backend; readonly ofPrefix: readonly Field[] } | undefined => {
  const of = field.object(...REFERENCE_FIELDS, 'weight', 'filters');
  const weight = of.weight?.integer(0, 1_000_000) ?? 1;
  const { filters, isUnserved, ofPrefix } =
    of.filters === undefined ? NO_FILTERS : readFilters(of.filters, 'backend');
  const reference = readReference(field, of);
  if (reference === undefined) return undefined;
  if ('unusable' in reference)
    field.report('unserved', `${reference.unusable}: its share of requests is answered 500`);
  const service = 'unusable' in reference || isUnserved ? {} : reference;
  return { backend: { ...service, weight, ...(filters.length === 0 ? {} : { filters }) }, ofPrefix };
};
