import { normalisePath } from './path.ts';
import { fatal, fault, type TagReader } from './tag-reader.ts';
import { TRAFFIC_TAG_READERS } from './traffic-tags.ts';
import { isVersionName, MAX_WEIGHT, readWeight } from './weights.ts';

const readPathTag =
  (key: 'path' | 'exact'): TagReader =>
  (value, read) => {
    const path = readPath(value);
    if (path === undefined) {
      read.hadBadPath = true;
      return fault(
        `the path must begin with "/" and hold no space, "?", "#", "*" or ".." segment, e.g. ${key}=/orders`,
      );
    }
    if (key === 'exact') read.exact.push(path);
    else read.prefixes.push(withoutTrailingSlash(path));
    return undefined;
  };

const HOST = /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

const readHostTag: TagReader = (value, read) => {
  const host = value.toLowerCase();
  if (!HOST.test(host) || host.length > 253) {
    read.hadBadHost = true;
    return fault('the host must be a name without port, "*." allowed once in front, e.g. host=*.example.com');
  }
  read.hosts.push(host);
  return undefined;
};

const readVersionTag: TagReader = (value, read) => {
  if (!isVersionName(value)) {
    return fatal('a version is letters, digits, ".", "_" and "-", e.g. version=v2');
  }
  if (read.version !== undefined && read.version !== value) {
    return fatal(`the instance already said version=${read.version}`);
  }
  read.version = value;
  return undefined;
};

const readWeightTag: TagReader = (value, read) => {
  const weight = readWeight(value);
  if (weight === undefined) return fault(`a weight is a number from 0 to ${MAX_WEIGHT}, e.g. weight=5`);
  read.weight = weight;
  return undefined;
};

const readStripTag: TagReader = (value, read) => {
  const word = value.toLowerCase();
  const path = readPath(value);
  if (word === 'true' || word === 'false') read.strip = word === 'true';
  else if (path === undefined) return fatal('strip takes a path or "true", e.g. strip=/orders');
  else read.strip = withoutTrailingSlash(path);
  return undefined;
};

/** Tags of the contract that narrow or change a rule and that this release cannot honour. */
const NOT_YET = ['method', 'header', 'query', 'rewrite', 'rewrite-host', 'proto'];

/** Served without the condition, the rule would reach further than its owner asked. */
const refuse =
  (key: string): TagReader =>
  () =>
    fatal(`"${key}=" is not supported by this release, so the rule is not served`);

/** By key, in lower case and without prefix. */
export const TAG_READERS: ReadonlyMap<string, TagReader> = new Map<string, TagReader>([
  ['path', readPathTag('path')],
  ['exact', readPathTag('exact')],
  ['host', readHostTag],
  ['version', readVersionTag],
  ['weight', readWeightTag],
  ['strip', readStripTag],
  ...TRAFFIC_TAG_READERS,
  ...NOT_YET.map((key): [string, TagReader] => [key, refuse(key)]),
]);

const readPath = (value: string): string | undefined => {
  const sound = /^\/[^\s?#*\\\p{Cs}]*$/u.test(value) && value.length <= 2048;
  const moves = value.split('/').some(segment => /^(\.|%2e){1,2}$/i.test(segment));
  return sound && !moves ? normalisePath(value.replace(NEVER_IN_URLS, encodeURIComponent)) : undefined;
};

/** Requests bring these as escapes only (RFC 3986, 2.1): `/größe` is asked for as `/gr%C3%B6%C3%9Fe`. */
const NEVER_IN_URLS = /[^!-~]|["<>^`{}]/gu;

const withoutTrailingSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? withoutTrailingSlash(path.slice(0, -1)) : path;
