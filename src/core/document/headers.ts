import { isChangeable } from '../filters/header-change.ts';
import type { HeaderChange } from '../model/filter.ts';
import type { Field } from './field.ts';
import { readHeaderName, readHeaderValue } from './names.ts';

/** HTTPHeaderFilter. A name may be changed in one way only, in whatever case it is written. */
export const readHeaderChange = (field: Field): HeaderChange => {
  const of = field.object('set', 'add', 'remove');
  const seen = new Set<string>();
  /** @returns whether the name may be changed, and was not before */
  const takes = (item: Field, name: string): boolean => {
    const key = name.toLowerCase();
    if (key === 'host') item.error('the host is changed by a URLRewrite filter with hostname');
    else if (!isChangeable(key)) item.error(`"${name}" is the gateway's own to write and can't be changed`);
    else if (seen.has(key)) item.error(`"${name}" is changed twice; keep one of the two`);
    else {
      seen.add(key);
      return true;
    }
    return false;
  };
  const readPairs = (list: Field | undefined): [string, string][] =>
    (list?.list(16) ?? []).flatMap(item => {
      const of = item.object('name', 'value');
      const name = of.name === undefined ? item.missing('name', 'of the header') : readHeaderName(of.name);
      const value =
        of.value === undefined ? item.missing('value', 'of the header') : readHeaderValue(of.value);
      if (name === undefined || value === undefined || !takes(item, name)) return [];
      return [[name, value] satisfies [string, string]];
    });
  const set = readPairs(of.set);
  const add = readPairs(of.add);
  const remove = (of.remove?.list(16) ?? []).flatMap(item => {
    const name = readHeaderName(item);
    return name === undefined || !takes(item, name) ? [] : [name.toLowerCase()];
  });
  return { set, add, remove };
};
