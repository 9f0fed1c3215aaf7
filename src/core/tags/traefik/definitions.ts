import type { Catalog, Instance } from '../../model/instance.ts';
import type { Definition } from '../dialect.ts';
import { readLabels } from './labels.ts';

/** The middleware of a name, whoever defines it; undefined where nobody does. */
export type DefinitionOf = (middleware: string) => Definition | undefined;

/** The middlewares of one service: their tags, sorted, by name. */
type Defined = ReadonlyMap<string, readonly string[]>;

/**
 * Finds the middlewares that instances define for those of any service, as Traefik's provider has one namespace for all.
 * What did not change is the same object as for the catalog before, so that who named it need not be read again. Of one
 * service's instances the newest counts, as everywhere; whether it is healthy makes no difference to what it says.
 */
export const createDefinitions = (): ((catalog: Catalog) => DefinitionOf) => {
  const read = new WeakMap<readonly Instance[], Defined>();
  let known = new Map<string, Definition>();
  return catalog => {
    const found = new Map<string, Definition>();
    for (const instances of catalog.values()) {
      let defined = read.get(instances);
      if (defined === undefined) {
        defined = definedBy(instances);
        read.set(instances, defined);
      }
      for (const [name, tags] of defined) found.set(name, agreed(found.get(name), tags, known.get(name)));
    }
    known = found;
    return name => found.get(name);
  };
};

const NOTHING: Defined = new Map();

const definedBy = (instances: readonly Instance[]): Defined => {
  const defining = instances.filter(({ tags }) => tags.some(tag => DEFINES.test(tag)));
  if (defining.length === 0) return NOTHING;
  const defined = new Map<string, readonly string[]>();
  for (const { tags } of defining.sort((a, b) => a.modifyIndex - b.modifyIndex)) {
    const labels = readLabels(tags);
    if (labels.enable === false) continue;
    for (const [name, section] of labels.middlewares)
      defined.set(name, [...section.values()].map(({ tag }) => tag).sort());
  }
  return defined;
};

const DEFINES = /^traefik\.http\.middlewares\./i;

const agreed = (
  other: Definition | undefined,
  tags: readonly string[],
  before: Definition | undefined,
): Definition => {
  if (other !== undefined && !isSame(other, tags)) return 'disputed';
  return before !== undefined && isSame(before, tags) ? before : tags;
};

const isSame = (a: Definition, b: readonly string[]): boolean =>
  a !== 'disputed' && a.length === b.length && a.every((tag, i) => tag === b[i]);
