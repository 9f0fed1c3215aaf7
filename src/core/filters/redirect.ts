import type { Filter, PathChange } from '../model/filter.ts';
import type { RequestFacts } from '../request-facts.ts';
import { changePath } from './path-change.ts';

export type Redirect = Extract<Filter, { readonly type: 'redirect' }>;

export type Asked = Pick<RequestFacts, 'scheme' | 'host' | 'entrancePort' | 'path' | 'search'>;

const USUAL_PORT = { http: 80, https: 443 } as const;

/**
 * Where a request is sent (Gateway API, HTTPRequestRedirectFilter). A port that the rule leaves open is the usual one of
 * the scheme that it names, else that of the entrance, never that of `Host`; the usual one of a scheme is left out.
 *
 * @param matched the prefix by which the rule was found
 * @param rulePath what the rule goes by, where the request's own path has a pinned version in front: that stays in front
 * @returns for `Location`; undefined where the request is there already and the rule lets such pass
 */
export const locationOf = (
  redirect: Redirect,
  asked: Asked,
  matched: string,
  rulePath = asked.path,
): string | undefined => {
  const { scheme = asked.scheme, hostname = asked.host } = redirect;
  const { entrancePort = USUAL_PORT[asked.scheme], search = '' } = asked;
  const open = redirect.scheme === undefined ? entrancePort : USUAL_PORT[scheme];
  const path =
    redirect.path === undefined ? asked.path : pathOf(asked.path, redirect.path, matched, rulePath);
  const location = urlOf(scheme, hostname, redirect.port ?? open, path + searchOf(redirect, search));
  const isThere = (): boolean =>
    location === urlOf(asked.scheme, asked.host, entrancePort, asked.path + search);
  return redirect.unlessThere === true && isThere() ? undefined : location;
};

const pathOf = (asked: string, change: PathChange, matched: string, rulePath: string): string => {
  const changed = changePath(rulePath, change, matched);
  if (rulePath === asked || change.kind === 'full') return changed;
  const pin = rulePath === '/' ? asked.replace(/\/$/, '') : asked.slice(0, -rulePath.length);
  return pin + changed;
};

const searchOf = ({ query }: Redirect, search: string): string => {
  if (query === undefined) return search;
  return query === '' ? '' : `?${query}`;
};

const urlOf = (scheme: 'http' | 'https', host: string, port: number, rest: string): string => {
  const target = rest.replace(NEVER_IN_URLS, escapeByte);
  // Of an HTTP/1.0 client that named no host: what begins with two slashes would lead to another one.
  if (host === '') return target.replace(/^\/+/, '/');
  return `${scheme}://${host}${port === USUAL_PORT[scheme] ? '' : `:${port}`}${target}`;
};

/** Clients send them all the same; each is one byte (latin1). */
const NEVER_IN_URLS = /[^!-~]|["<>\\^`{|}]/g;

const escapeByte = (byte: string): string =>
  `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
