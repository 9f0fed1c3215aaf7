import type { Guard, TagRule } from './dialect.ts';

/**
 * A rule of another dialect behind the guard. Where each service has filters of its own, they are asked once one is
 * picked: a rule that has to be judged or limited before is therefore shared with nobody.
 */
export const guarded = (rule: TagRule, { filters, isClosed }: Guard): TagRule => {
  const { isShared, ...own } = rule;
  const isShareable = filters.every(({ type }) => type === 'access');
  return {
    ...own,
    ...(filters.length === 0 ? {} : { filters: [...filters, ...(rule.filters ?? [])] }),
    ...(isClosed ? { isClosed } : {}),
    ...(isShared && isShareable ? { isShared } : {}),
  };
};
