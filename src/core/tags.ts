import { DEFAULT_VERSION, type Instance, type Match } from './model.ts';
import { isPathPrefix, normalisePath } from './path.ts';
import { isVersionName, MAX_WEIGHT, readWeight } from './weights.ts';

/** What the tags of one instance say. */
export interface ParsedTags {
  readonly version: string;
  /** One match per path and host; empty where the instance is in the catalog but not exposed. */
  readonly matches: readonly Match[];
  readonly weight?: number;
  /** `true` takes off the matched path. */
  readonly strip?: string | true;
  readonly problems: readonly TagProblem[];
}

export interface TagProblem {
  readonly tag: string;
  readonly reason: string;
  /** Whether the instance must not be served at all because of it. */
  readonly fatal: boolean;
}

const HOST = /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Tags of the contract that narrow or change a rule and that this release cannot honour. */
const NOT_YET = new Set([
  'method',
  'header',
  'query',
  'rewrite',
  'rewrite-host',
  'proto',
  'timeout',
  'retries',
]);

/**
 * Reads `key=value` tags (keys in any case); tags that are not Sluice's are passed over.
 *
 * A bad tag costs what it would have said and no more: a bad `path` that one match, a bad `version` the whole
 * instance (it would be served as the wrong version).
 *
 * @param prefix what stands before each key, e.g. `sluice.` (default none)
 */
export const parseTags = (instance: Pick<Instance, 'tags'>, prefix = ''): ParsedTags => {
  const exact: string[] = [];
  const prefixes: string[] = [];
  const hosts: string[] = [];
  const problems: TagProblem[] = [];
  let hadBadPath = false;
  let hadBadHost = false;
  let version: string | undefined;
  let weight: number | undefined;
  let strip: string | true | undefined;

  for (const tag of instance.tags) {
    const pair = splitTag(tag, prefix);
    if (pair === undefined) continue;
    const { key, value } = pair;
    const bad = (reason: string, fatal = false): void => {
      problems.push({ tag, reason, fatal });
    };
    switch (key) {
      case 'path':
      case 'exact': {
        const path = readPath(value);
        if (path === undefined) {
          hadBadPath = true;
          bad(
            `the path must begin with "/" and hold no space, "?", "#", "*" or ".." segment, e.g. ${key}=/orders`,
          );
        } else (key === 'exact' ? exact : prefixes).push(key === 'exact' ? path : withoutTrailingSlash(path));
        break;
      }
      case 'host': {
        const host = value.toLowerCase();
        if (!HOST.test(host) || host.length > 253) {
          hadBadHost = true;
          bad('the host must be a name without port, "*." allowed once in front, e.g. host=*.example.com');
        } else hosts.push(host);
        break;
      }
      case 'version':
        if (!isVersionName(value))
          bad('a version is letters, digits, ".", "_" and "-", e.g. version=v2', true);
        else if (version !== undefined && version !== value)
          bad(`the instance already said version=${version}`, true);
        else version = value;
        break;
      case 'weight': {
        const n = readWeight(value);
        if (n === undefined) bad(`a weight is a number from 0 to ${MAX_WEIGHT}, e.g. weight=5`);
        else weight = n;
        break;
      }
      case 'strip': {
        if (value.toLowerCase() === 'true') strip = true;
        else if (value.toLowerCase() === 'false') strip = undefined;
        else {
          const path = readPath(value);
          if (path === undefined) bad('strip takes a path or "true", e.g. strip=/orders', true);
          else strip = withoutTrailingSlash(path);
        }
        break;
      }
      default:
        // Served without the condition, the rule would reach further than its owner asked.
        if (NOT_YET.has(key))
          bad(`"${key}=" is not supported by this release, so the rule is not served`, true);
    }
  }

  const matches = combine({ exact, prefixes, hosts, hadBadPath, hadBadHost });
  return {
    version: version ?? DEFAULT_VERSION,
    matches,
    problems,
    ...(weight === undefined ? {} : { weight }),
    ...(strip === undefined ? {} : { strip }),
  };
};

const splitTag = (tag: string, prefix: string): { key: string; value: string } | undefined => {
  const at = tag.indexOf('=');
  if (at < 0) return undefined;
  const name = tag.slice(0, at).trim().toLowerCase();
  if (!name.startsWith(prefix.toLowerCase())) return undefined;
  return { key: name.slice(prefix.length), value: tag.slice(at + 1).trim() };
};

const readPath = (value: string): string | undefined => {
  const sound = /^\/[^\s?#*\\]*$/.test(value) && value.length <= 2048;
  const moves = value.split('/').some(segment => /^(\.|%2e){1,2}$/i.test(segment));
  return sound && !moves ? normalisePath(value) : undefined;
};

const withoutTrailingSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? withoutTrailingSlash(path.slice(0, -1)) : path;

interface Paths {
  exact: readonly string[];
  prefixes: readonly string[];
  hosts: readonly string[];
  hadBadPath: boolean;
  hadBadHost: boolean;
}

/** Every path on every host. A host alone is that host's root; what a bad tag would have said is left out. */
const combine = ({ exact, prefixes, hosts, hadBadPath, hadBadHost }: Paths): Match[] => {
  const paths: { kind: Match['kind']; path: string }[] = [
    ...exact.map(path => ({ kind: 'exact' as const, path })),
    ...prefixes.map(path => ({ kind: 'prefix' as const, path })),
  ];
  // With its only path (or host) bad, a rule would otherwise widen to the whole host (or to every host).
  if (paths.length === 0 && hosts.length > 0 && !hadBadPath) paths.push({ kind: 'prefix', path: '/' });
  if (hosts.length === 0) return hadBadHost ? [] : unique(paths.map(p => ({ ...p })));
  return unique(hosts.flatMap(host => paths.map(p => ({ host, ...p }))));
};

const unique = (matches: readonly Match[]): Match[] => [
  ...new Map(matches.map(m => [`${m.host ?? ''} ${m.kind} ${m.path}`, m])).values(),
];

/** The part of a path that `strip` takes off for a given match, or undefined where there is none. */
export const stripFor = (strip: string | true | undefined, match: Match): string | undefined => {
  const prefix = strip === true ? match.path : strip;
  if (prefix === undefined || prefix === '/') return undefined;
  return isPathPrefix(prefix, match.path) || isPathPrefix(match.path, prefix) ? prefix : undefined;
};
