import type { Match } from '../../model/match.ts';
import { isHostPattern, readText } from '../spelling.ts';

/** What is wrong with a tag, for whoever wrote it. */
export interface Reason {
  readonly reason: string;
}

/**
 * Reads `host/path`. Paths are compared by their first characters, as Fabio's default matcher does. Fabio takes the port
 * off a host where it is the usual one of the connection: `foo.com:80/` asks for requests that came over plain HTTP, and
 * `foo.com:443/` for those over TLS.
 */
export const readRoute = (source: string): Match | Reason => {
  if (source === '') return { reason: 'it names no host and no path, e.g. urlprefix-/orders' };
  if (source.startsWith(':')) return { reason: 'routes of TCP ports are not supported' };
  if (source.includes('$')) return { reason: 'variables such as $DC are not supported' };
  const slash = source.indexOf('/');
  const authority = (slash < 0 ? source : source.slice(0, slash)).toLowerCase();
  const path = readText(slash < 0 ? '/' : source.slice(slash));
  if (path === undefined) {
    return { reason: 'the path must hold no "?", "#", "\\" or ".." segment, e.g. urlprefix-/orders' };
  }
  const place = readPlace(authority);
  if ('reason' in place) return place;
  return { ...place, ...(path === '/' ? { kind: 'prefix', path } : { kind: 'text', path }) };
};

const SCHEMES: ReadonlyMap<string | undefined, Pick<Match, 'scheme'>> = new Map([
  [undefined, {}],
  ['80', { scheme: 'http' }],
  ['443', { scheme: 'https' }],
]);

const readPlace = (authority: string): Pick<Match, 'host' | 'scheme'> | Reason => {
  const [, host = '', port] = /^([^:]*)(?::(\d+))?$/.exec(authority) ?? [];
  const scheme = SCHEMES.get(port);
  if (scheme === undefined)
    return { reason: 'a port other than 80 and 443 is never asked for in a host here' };
  if (host === '*' || authority === '' || (host === '' && port !== undefined)) return scheme;
  if (!isHostPattern(host)) {
    return { reason: 'a host is a name, with "*." in front at most; other patterns are not supported' };
  }
  return { host, ...scheme };
};
