import type { Match } from '../../model/match.ts';
import { formatHostPort } from '../../values.ts';
import type { Guard, InstanceUse, TagOptions, TagProblem, TagRule, TagSource, TagsSaid } from '../dialect.ts';
import { accessOf } from './access.ts';
import { authFault, authOf } from './auth.ts';
import { matchesFault, matchesOf } from './matches.ts';
import { mistypedTags } from './mistyped.ts';
import { nothingRead, type TagsRead } from './reader.ts';
import { OWN_HOST, TAG_READERS } from './readers.ts';
import { pathFor, stripFault } from './upstream-path.ts';

/**
 * Reads Sluice's own `key=value` tags (keys in any case). One match is made for each method, on each path, on each host.
 *
 * A bad tag costs what it would have said and no more: a bad `path` that one match, a bad `version` the whole
 * instance (it would be served as the wrong version), a bad condition too (it would be served without).
 */
export const readSluiceTags = (
  { tags, address = '', port = 0 }: Pick<TagSource, 'tags'> & Partial<Pick<TagSource, 'address' | 'port'>>,
  { tagPrefix }: Pick<TagOptions, 'tagPrefix'>,
): TagsSaid => {
  const read = nothingRead();
  const problems: TagProblem[] = [];
  const written = new Map<string, string>();
  const others: string[] = [];
  for (const tag of tags) {
    const { key, value } = splitTag(tag, tagPrefix);
    const reader = TAG_READERS.get(key);
    if (reader === undefined) {
      others.push(tag);
      continue;
    }
    const fault = reader(value, read);
    if (fault !== undefined) problems.push({ tag, ...fault });
    written.set(key, tag);
  }
  problems.push(...mistypedTags(others, tagPrefix, written), ...authFault(read, written.get('auth-fields')));
  const tooMany = matchesFault(read);
  const matches = tooMany === undefined ? matchesOf(read) : [];
  const strip = stripFault(read, matches);
  if (tooMany !== undefined) problems.push({ tag: written.get('path') ?? '', ...tooMany });
  if (strip !== undefined) problems.push({ tag: written.get('strip') ?? '', ...strip });
  const { version, weight, protocol, serverName, settings } = read;
  const guard = guardOf(read);
  const ownHost = formatHostPort({ host: address, port });
  return {
    rules: matches.map(match => ruleFor(match, read, guard, ownHost)),
    settings,
    problems,
    ...(guard === undefined ? {} : { guard }),
    ...(version === undefined ? {} : { version }),
    ...(weight === undefined ? {} : { weight }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(serverName === undefined ? {} : { serverName }),
  };
};

/** The key is empty where the tag is none of ours. */
const splitTag = (tag: string, prefix: string): { key: string; value: string } => {
  const at = tag.indexOf('=');
  const name = tag.slice(0, Math.max(at, 0)).trim().toLowerCase();
  const isOurs = name.startsWith(prefix.toLowerCase());
  return { key: isOurs ? name.slice(prefix.length) : '', value: tag.slice(at + 1).trim() };
};

const guardOf = (read: TagsRead): Guard | undefined => {
  const filters = [...accessOf(read), ...read.limits, ...authOf(read)];
  return filters.length > 0 || read.hadBadGuard ? { filters, isClosed: read.hadBadGuard } : undefined;
};

/** @param ownHost how the instance itself is called */
const ruleFor = (match: Match, read: TagsRead, guard: Guard | undefined, ownHost: string): TagRule => {
  const path = pathFor(match, read);
  const use: InstanceUse = {
    ...(path === undefined ? {} : { path }),
    ...(read.rewriteHost === undefined
      ? {}
      : { host: read.rewriteHost === OWN_HOST ? ownHost : read.rewriteHost }),
  };
  return {
    match,
    ...(guard === undefined || guard.filters.length === 0 ? {} : { filters: guard.filters }),
    ...(Object.keys(use).length === 0 ? {} : { use }),
    ...(guard?.isClosed ? { isClosed: true } : {}),
  };
};
