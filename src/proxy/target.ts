import { normalisePath } from '../core/path.ts';

/** What a request asks for, whichever form its line has. */
export interface RequestTarget {
  /** As the client named it, for `Host`; empty where an HTTP/1.0 client named none. */
  readonly authority: string;
  /** Lower case, without port or trailing dot. */
  readonly host: string;
  readonly port?: number;
  /** Normalised. `*` for a request about the proxy itself (RFC 9112, 3.2.4). */
  readonly path: string;
  /** With its `?`, byte for byte; empty where there is none. */
  readonly query: string;
}

const NAME =
  /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;
const AUTHORITY = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)([^?#]*)(.*)$/i;

/**
 * Reads origin-form, absolute-form and `*` (RFC 9112, 3.2). An absolute target's authority wins over `Host`,
 * so that a request line and a header that disagree cannot be routed by one and served by the other.
 *
 * @param url the target as it stands in the request line
 * @param host the one `Host` field, undefined where the client sent none
 * @returns undefined where it is malformed
 */
export const readTarget = (
  method: string,
  url: string,
  host: string | undefined,
): RequestTarget | undefined => {
  if (url.charCodeAt(0) === 0x2f /* / */) return fromParts(host, url);
  if (url === '*' && method === 'OPTIONS') return { authority: host ?? '', host: '', path: '*', query: '' };
  const found = ABSOLUTE.exec(url);
  if (found === null) return undefined;
  const [, authority = '', path = '', rest = ''] = found;
  return fromParts(authority, `${path === '' ? '/' : path}${rest}`);
};

const fromParts = (authority: string | undefined, pathAndQuery: string): RequestTarget | undefined => {
  const named = authority === undefined ? NOBODY : readAuthority(authority);
  if (named === undefined || pathAndQuery.includes('#')) return undefined;
  const mark = pathAndQuery.indexOf('?');
  const path = normalisePath(mark < 0 ? pathAndQuery : pathAndQuery.slice(0, mark));
  if (path === undefined) return undefined;
  return {
    authority: authority ?? '',
    path,
    query: mark < 0 ? '' : pathAndQuery.slice(mark),
    ...named,
  };
};

interface NamedHost {
  readonly host: string;
  readonly port?: number;
}

const NOBODY: NamedHost = { host: '' };

/** A name or an IP literal with an optional port; user info, spaces and percent-escapes are none. */
export const readAuthority = (authority: string): NamedHost | undefined => {
  const found = AUTHORITY.exec(authority);
  if (found === null) return undefined;
  const [, name = '', digits] = found;
  const port = digits === undefined ? undefined : Number(digits);
  if ((port !== undefined && port > 65_535) || name.length > 254) return undefined;
  if (!name.startsWith('[') && !NAME.test(name)) return undefined;
  const lower = name.toLowerCase();
  const host = lower.endsWith('.') ? lower.slice(0, -1) : lower;
  return port === undefined ? { host } : { host, port };
};
