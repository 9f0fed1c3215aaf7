import { DEFAULT_VERSION, type Instance, type Match, type RuleSettings } from './model.ts';
import type { TagFault, TagsRead } from './tag-reader.ts';
import { TAG_READERS } from './tag-readers.ts';

/** What the tags of one instance say. */
export interface ParsedTags {
  readonly version: string;
  /** One match per path and host; empty where the instance is in the catalog but not exposed. */
  readonly matches: readonly Match[];
  readonly weight?: number;
  /** `true` takes off the matched path. */
  readonly strip?: string | true;
  readonly settings: RuleSettings;
  readonly problems: readonly TagProblem[];
}

export interface TagProblem extends TagFault {
  readonly tag: string;
}

/**
 * Reads `key=value` tags (keys in any case); tags that are not Sluice's are passed over.
 *
 * A bad tag costs what it would have said and no more: a bad `path` that one match, a bad `version` the whole
 * instance (it would be served as the wrong version).
 *
 * @param prefix what stands before each key, e.g. `sluice.` (default none)
 */
export const parseTags = (instance: Pick<Instance, 'tags'>, prefix = ''): ParsedTags => {
  const read: TagsRead = {
    exact: [],
    prefixes: [],
    hosts: [],
    hadBadPath: false,
    hadBadHost: false,
    settings: {},
  };
  const problems: TagProblem[] = [];
  for (const tag of instance.tags) {
    const { key, value } = splitTag(tag, prefix);
    const fault = TAG_READERS.get(key)?.(value, read);
    if (fault !== undefined) problems.push({ tag, ...fault });
  }
  const { version = DEFAULT_VERSION, weight, strip = false } = read;
  return {
    version,
    matches: matchesOf(read),
    settings: read.settings,
    problems,
    ...(weight === undefined ? {} : { weight }),
    ...(strip === false ? {} : { strip }),
  };
};

/** The key is empty where the tag is none of ours. */
const splitTag = (tag: string, prefix: string): { key: string; value: string } => {
  const at = tag.indexOf('=');
  const name = tag.slice(0, Math.max(at, 0)).trim().toLowerCase();
  const isOurs = name.startsWith(prefix.toLowerCase());
  return { key: isOurs ? name.slice(prefix.length) : '', value: tag.slice(at + 1).trim() };
};

/** Every path on every host. A host alone is that host's root; what a bad tag would have said is left out. */
const matchesOf = ({ exact, prefixes, hosts, hadBadPath, hadBadHost }: TagsRead): Match[] => {
  const paths: Match[] = [
    ...exact.map(path => ({ kind: 'exact' as const, path })),
    ...prefixes.map(path => ({ kind: 'prefix' as const, path })),
  ];
  // With its only path (or host) bad, a rule would otherwise widen to the whole host (or to every host).
  if (paths.length === 0 && hosts.length > 0 && !hadBadPath) paths.push({ kind: 'prefix', path: '/' });
  if (hosts.length === 0) return hadBadHost ? [] : unique(paths);
  return unique(hosts.flatMap(host => paths.map(match => ({ host, ...match }))));
};

const unique = (matches: readonly Match[]): Match[] => [
  ...new Map(matches.map(m => [`${m.host ?? ''} ${m.kind} ${m.path}`, m])).values(),
];
