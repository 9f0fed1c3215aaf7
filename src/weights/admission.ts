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
  let followed: string | undefined;

  return catalog => {
    latest = catalog;
    if (admitted !== undefined) {
      // Weights of a service that left are not followed: should it come back, they are asked for again.
      admitted = present(admitted, catalog);
      admit(only(catalog, admitted));
    }
    const names = [...catalog.keys()].sort();
    const wanted = names.join('\n');
    if (wanted === followed) return;
    followed = wanted;
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

const only = (catalog: Catalog, names: ReadonlySet<string>): Catalog =>
  [...catalog.keys()].every(name => names.has(name))
    ? catalog
    : new Map([...catalog].filter(([name]) => names.has(name)));
