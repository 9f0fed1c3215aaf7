import type { Catalog } from '../core/model.ts';
import type { WeightStore } from './store.ts';

/**
 * Lets a service into the catalog that is routed only after its weights were asked for: a version whose weight
 * is 0 must not get the first requests of a service that has just been registered. A store that is away holds
 * nobody up for longer than its deadline, and services that are in already never wait.
 *
 * @param admit called with what may be routed, at once and again when more may be; never with a partial first
 * catalog
 * @returns what to call with each new catalog
 */
export const admitByWeights = (
  store: Pick<WeightStore, 'follow'>,
  admit: (catalog: Catalog) => void,
): ((catalog: Catalog) => void) => {
  let latest: Catalog = new Map();
  let admitted: ReadonlySet<string> | undefined;
  let followed = '';

  return catalog => {
    latest = catalog;
    const names = [...catalog.keys()].sort();
    if (admitted !== undefined) admit(only(catalog, admitted));
    const wanted = names.join('\n');
    if (wanted === followed && admitted !== undefined) return;
    followed = wanted;
    void store.follow(names).then(() => {
      admitted = new Set([...(admitted ?? []), ...names].filter(name => latest.has(name)));
      admit(only(latest, admitted));
    });
  };
};

const only = (catalog: Catalog, names: ReadonlySet<string>): Catalog =>
  [...catalog.keys()].every(name => names.has(name))
    ? catalog
    : new Map([...catalog].filter(([name]) => names.has(name)));
