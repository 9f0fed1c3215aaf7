import type { Filter, PathChange } from '../../model/filter.ts';
import type { Match } from '../../model/match.ts';
import { isHostName, readText } from '../spelling.ts';
import type { Options } from './options.ts';
import type { Reason } from './route.ts';

type Redirect = Extract<Filter, { type: 'redirect' }>;

const STATUSES: readonly Redirect['status'][] = [301, 302, 303, 307, 308];

const URL_FORM = /^(https?):\/\/([^/?#$:]*|\$host)(?::(\d{1,5}))?(\/?[^?#$]*)(\$path)?(\?[^#$]*)?$/;

/**
 * Reads `redirect=CODE,URL`, where `$host` in the URL is the request's own and `$path` at its end what is left of the
 * request's path after `strip` and `prepend`, with its query.
 *
 * @returns undefined where the tag redirects nobody
 */
export const readRedirect = (options: Options): Redirect | Reason | undefined => {
  const text = options.get('redirect');
  if (text === undefined) return undefined;
  const [code = '', url = '', ...more] = text.split(',');
  const status = STATUSES.find(known => String(known) === code);
  const [, scheme, host = '', port, front = '', tail, query] = URL_FORM.exec(url) ?? [];
  const path = readText(front.startsWith('/') ? front : `/${front}`);
  const isHost = host === '$host' || isHostName(host.toLowerCase());
  if (
    status === undefined ||
    more.length > 0 ||
    path === undefined ||
    !isHost ||
    Number(port ?? 1) > 65_535
  ) {
    return {
      reason: `a redirect is CODE,URL with a code of ${STATUSES.join(', ')} and $path at the end at most, e.g. redirect=301,https://$host$path`,
    };
  }
  const fixedQuery = query ?? (tail === undefined ? '' : undefined);
  return {
    type: 'redirect',
    status,
    scheme: scheme === 'https' ? 'https' : 'http',
    path: tail === undefined ? { kind: 'full', value: path } : pathWithRest(path, options),
    ...(host === '$host' ? {} : { hostname: host.toLowerCase() }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(fixedQuery === undefined ? {} : { query: fixedQuery.replace(/^\?/, '') }),
  };
};

const pathWithRest = (front: string, options: Options): PathChange => {
  const strip = options.get('strip');
  const value = front.replace(/\/$/, '') + (options.get('prepend') ?? '');
  return { kind: 'text', value, ...(strip === undefined ? {} : { strip: [strip] }) };
};

/**
 * What is left of a match for a redirect that changes nothing but the scheme: who is there already is to find the next
 * rule instead of running in a circle. Undefined where nobody is left.
 */
export const withoutThoseThere = (
  match: Match,
  { hostname, port, path, scheme }: Redirect,
): Match | undefined => {
  const isSameHost = hostname === undefined || hostname === match.host;
  const isSamePath = path?.kind === 'text' && path.value === '' && path.strip === undefined;
  if (!isSameHost || !isSamePath || port !== undefined || scheme === undefined) return match;
  if (match.scheme === scheme) return undefined;
  return { ...match, scheme: scheme === 'https' ? 'http' : 'https' };
};
