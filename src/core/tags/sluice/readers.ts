import { PROTOCOLS } from '../../model/speech.ts';
import { isVersionName, MAX_WEIGHT, readWeight } from '../../model/weights.ts';
import { isHostName, isHostPattern, isHostToSend, readPath } from '../spelling.ts';
import { ACCESS_TAG_READERS } from './access.ts';
import { AUTH_TAG_READERS } from './auth.ts';
import { CONDITION_TAG_READERS } from './conditions.ts';
import { readRateLimitTag } from './rate-limit.ts';
import { fatal, fault, type TagReader } from './reader.ts';
import { TRAFFIC_TAG_READERS } from './traffic.ts';

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

const readHostTag: TagReader = (value, read) => {
  const host = value.toLowerCase();
  if (!isHostPattern(host)) {
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

const readRewriteTag: TagReader = (value, read) => {
  const path = readPath(value);
  if (path === undefined) return fatal('rewrite takes a path that begins with "/", e.g. rewrite=/new');
  read.rewrite = withoutTrailingSlash(path);
  return undefined;
};

/** Stands for the address and port of the instance. */
export const OWN_HOST = 'instance';

const readRewriteHostTag: TagReader = (value, read) => {
  if (!isHostToSend(value))
    return fatal('rewrite-host takes a name or "instance", e.g. rewrite-host=shop.internal');
  read.rewriteHost = value.toLowerCase();
  return undefined;
};

/** Spoken to in another protocol, the instance would understand nothing. */
const readProtoTag: TagReader = (value, read) => {
  const protocol = PROTOCOLS.find(name => name === value.toLowerCase());
  if (protocol === undefined) return fatal(`proto is one of ${PROTOCOLS.join(', ')}`);
  read.protocol = protocol;
  return undefined;
};

/** Without it, nobody would know whose certificate is the right one. */
const readServerNameTag: TagReader = (value, read) => {
  const name = value.toLowerCase();
  if (!isHostName(name)) return fatal('tls-server-name takes a name, e.g. tls-server-name=orders.internal');
  read.serverName = name;
  return undefined;
};

/** By key, in lower case and without prefix. */
export const TAG_READERS: ReadonlyMap<string, TagReader> = new Map<string, TagReader>([
  ['path', readPathTag('path')],
  ['exact', readPathTag('exact')],
  ['host', readHostTag],
  ['version', readVersionTag],
  ['weight', readWeightTag],
  ['strip', readStripTag],
  ['rewrite', readRewriteTag],
  ['rewrite-host', readRewriteHostTag],
  ['proto', readProtoTag],
  ['rate-limit', readRateLimitTag],
  ['tls-server-name', readServerNameTag],
  ...ACCESS_TAG_READERS,
  ...AUTH_TAG_READERS,
  ...CONDITION_TAG_READERS,
  ...TRAFFIC_TAG_READERS,
]);

const withoutTrailingSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? withoutTrailingSlash(path.slice(0, -1)) : path;
