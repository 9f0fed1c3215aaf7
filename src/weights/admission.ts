import type { Catalog } from '../core/model/instance.ts';
import type { WeightStore } from './store.ts';

/**
 * Lets a service into the catalog that is routed only after its weights were asked for: a version whose weight
 * is 0 must not get the first requests of a service that has just been registered. The first catalog waits for
 * the first contact with the store. After that, a store that is away holds nobody up for longer than its
 * deadline, and services that are in already never wait.
 *
 * @param admit called with what may be routed, at once and again when more may be; never with a partial first
 * catalog
 * @returns what to call with each new catalog
 */
export const admitByWeights = (
  store: Pick<WeightStore, 'follow' | 'ready'>,
  admit: (catalog: Catalog) => void,
): ((catalog: Catalog) => void) => {
  let latest: Catalog = new Map();
  let admitted: ReadonlySet<string> | undefined;
  let followed: ReadonlySet<string> | undefined;

  return catalog => {
    latest = catalog;
    if (admitted !== undefined) {
      // Weights of a service that left are not followed: should it come back, they are asked for again.
      if (!hasExactly(catalog, admitted)) admitted = present(admitted, catalog);
      admit(only(catalog, admitted));
    }
    if (followed !== undefined && hasExactly(catalog, followed)) return;
    const names = [...catalog.keys()].sort();
    followed = new Set(names);
    const asked = admitted === undefined ? store.ready.then(() => store.follow(names)) : store.follow(names);
    void asked.then(() => {
      // At first `follow` answers for all that is wanted by now, which may be more than it was called with.
      admitted = present([...(admitted ?? latest.keys()), ...names], latest);
      admit(only(latest, admitted));
    });
  };
};

const present = (names: Iterable<string>, catalog: Catalog): ReadonlySet<string> =>
  new Set([...names].filter(name => catalog.has(name)));

const hasExactly = (catalog: Catalog, names: ReadonlySet<string>): boolean =>
  catalog.size === names.size && hasOnly(catalog, names);

const hasOnly = (catalog: Catalog, names: ReadonlySet<string>): boolean => {
  for (const name of catalog.keys()) if (!names.has(name)) return false;
  return true;
};

const only = (catalog: Catalog, names: ReadonlySet<string>): Catalog =>
  hasOnly(catalog, names) ? catalog : new Map([...catalog].filter(([name]) => names.has(name)));
