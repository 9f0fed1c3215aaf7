import type { PathChange } from '../../model/filter.ts';
import type { Match } from '../../model/match.ts';
import { isPathPrefix } from '../../path.ts';
import type { TagFault } from '../dialect.ts';
import { fatal, fault, type TagsRead } from './reader.ts';

/** What `strip` and `rewrite` make of the path of a request that fits a match; undefined where that is nothing. */
export const pathFor = (match: Match, { strip, rewrite }: TagsRead): PathChange | undefined => {
  if (rewrite !== undefined) {
    return match.kind === 'exact'
      ? { kind: 'full', value: rewrite }
      : { kind: 'segments', strip: [match.path], value: rewrite };
  }
  const prefix = strip === true ? match.path : strip;
  if (typeof prefix !== 'string' || prefix === '/' || !fits(prefix, match)) return undefined;
  return { kind: 'segments', strip: [prefix], value: '' };
};

const fits = (prefix: string, { kind, path }: Match): boolean =>
  isPathPrefix(prefix, path) || (kind === 'prefix' && isPathPrefix(path, prefix));

/** What is wrong with `strip` as a whole: that no request of the instance could ever meet it, for one. */
export const stripFault = ({ strip, rewrite }: TagsRead, matches: readonly Match[]): TagFault | undefined => {
  if (typeof strip !== 'string') return undefined;
  if (rewrite !== undefined)
    return fatal('strip and rewrite both say what becomes of the path; leave one out');
  if (matches.length === 0 || matches.some(match => fits(strip, match))) return undefined;
  const paths = [...new Set(matches.map(({ path }) => path))].slice(0, 3).join(', ');
  return fault(`no path of the instance (${paths}) begins with it, so nothing is taken off`);
};
