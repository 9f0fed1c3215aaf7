import { isDeepStrictEqual } from 'node:util';
import type { HttpRoute } from '../core/document/http-route.ts';
import type { Problem, ReadDocument } from './text.ts';

/** A file or a key, with what was read of it. */
export interface Source {
  /** The path of a file, or `consul:` and a key. */
  readonly name: string;
  readonly documents: readonly ReadDocument[];
  /** Of a key in Consul. */
  readonly createIndex?: number;
}

/** A route that is in force. */
export interface Shelved {
  readonly source: string;
  /** Where it begins there, from 1. */
  readonly line: number;
  readonly route: HttpRoute;
  readonly createIndex?: number;
  /** What stands there now has errors: this is what stood there before. */
  readonly isOutdated?: true;
}

/** A problem with the place where it is, and what becomes of its document. */
export interface ShelfProblem extends Problem {
  readonly source: string;
  /** `namespace/name` of the document. */
  readonly name?: string;
}

export interface Shelf {
  readonly routes: readonly Shelved[];
  readonly problems: readonly ShelfProblem[];
}

export const EMPTY_SHELF: Shelf = { routes: [], problems: [] };

/**
 * The routes in force after the sources were read. A document with errors leaves the last good one of its name in force;
 * one whose name can't be read may be any of its source that is no longer there, so all of those stay.
 * Of two documents of one name the first counts, in the order of the sources' names. A route that stays as it was stays
 * the same object.
 *
 * @param previous what was in force before
 */
export const restock = (previous: Shelf, sources: readonly Source[]): Shelf => {
  const known = new Map(previous.routes.map(shelved => [shelved.route.name, shelved]));
  const routes = new Map<string, Shelved>();
  const problems: ShelfProblem[] = [];
  const put = (shelved: Shelved): void => {
    const { name } = shelved.route;
    const before = known.get(name);
    routes.set(name, before !== undefined && isSame(before, shelved) ? before : shelved);
  };
  const inOrder = [...sources].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name: source, documents, createIndex } of inOrder) {
    for (const { name, line, route, problems: own } of documents) {
      for (const problem of own)
        problems.push({ ...problem, source, ...(name === undefined ? {} : { name }) });
      if (route === undefined) continue;
      const holder = routes.get(route.name);
      if (holder === undefined)
        put({ source, line, route, ...(createIndex === undefined ? {} : { createIndex }) });
      else problems.push({ source, name: route.name, ...duplicateOf(holder, line) });
    }
  }
  for (const shelved of inOrder.flatMap(source => lastGood(previous, source))) {
    if (!routes.has(shelved.route.name)) put({ ...shelved, isOutdated: true });
  }
  return { routes: [...routes.values()], problems };
};

/** The same object mostly settles it: of thousands of routes few were read again. */
const isSame = ({ route: a, ...of }: Shelved, { route: b, ...other }: Shelved): boolean =>
  isDeepStrictEqual(of, other) && (a === b || isDeepStrictEqual(a, b));

/** @param next restocked from `previous` */
export const isSameShelf = (previous: Shelf, next: Shelf): boolean =>
  previous.routes.length === next.routes.length &&
  previous.routes.every((shelved, index) => shelved === next.routes[index]) &&
  isDeepStrictEqual(previous.problems, next.problems);

const lastGood = (previous: Shelf, { name, documents }: Source): readonly Shelved[] => {
  const wanted = new Set(documents.filter(({ route }) => route === undefined).map(document => document.name));
  if (wanted.size === 0) return [];
  return previous.routes.filter(
    ({ source, route }) => source === name && (wanted.has(undefined) || wanted.has(route.name)),
  );
};

const duplicateOf = (holder: Shelved, line: number): Problem => ({
  severity: 'error',
  line,
  column: 1,
  field: 'metadata.name',
  message: `"${holder.route.name}" is defined by ${holder.source}:${holder.line} already; give one of the two another name`,
});
