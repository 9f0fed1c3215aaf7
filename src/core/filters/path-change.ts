import type { PathChange } from '../model/filter.ts';
import { isPathPrefix } from '../path.ts';

/**
 * What a change makes of a path (Gateway API, HTTPPathModifier). Prefixes are exchanged by whole segments, and a slash at
 * the end of one counts for nothing, so that neither a `//` nor a lost `/` comes of it.
 *
 * @param path normalised, without query
 * @param matched the prefix by which the rule was found; empty where it was found by something else
 * @returns begins with `/`
 */
export const changePath = (path: string, change: PathChange, matched: string): string => {
  const { kind, value, strip = [] } = change;
  switch (kind) {
    case 'full':
      return value;
    case 'prefix':
      return join(value, path.slice(withoutSlash(matched).length));
    case 'segments':
      return join(value, strippedBy(strip, path, isPathPrefix));
    case 'text':
      return join(
        value,
        strippedBy(strip, path, (prefix, of) => of.startsWith(prefix)),
      );
  }
};

const strippedBy = (
  prefixes: readonly string[],
  path: string,
  covers: (prefix: string, path: string) => boolean,
): string => {
  const first = prefixes.find(prefix => covers(prefix, path));
  return first === undefined ? path : path.slice(withoutSlash(first).length);
};

/** What is left of `/fabric` without `/fab` is `/ric`, whatever comes in front of it. */
const join = (front: string, rest: string): string => {
  const path = withoutSlash(front) + (rest === '' || rest.startsWith('/') ? rest : `/${rest}`);
  // What is left of `/a//evil` without `/a` must not become an authority.
  return path.startsWith('/') ? path.replace(/^\/{2,}/, '/') : `/${path}`;
};

const withoutSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path);
