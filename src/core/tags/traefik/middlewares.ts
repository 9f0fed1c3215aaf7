import { isBlock } from '../spelling.ts';
import type { Chain } from './chain.ts';
import { applyHeaders } from './headers.ts';
import { type Label, readFlag, readList, type Section } from './labels.ts';
import type { FindMiddleware, Found } from './lookup.ts';
import { type Apply, addPrefix, replacePath, stripPrefix } from './paths.ts';
import { applyRateLimit } from './rate-limit.ts';

/** By kind and option, in lower case. */
const OPTIONS: ReadonlyMap<string, Apply> = new Map<string, Apply>([
  ['stripprefix.prefixes', stripPrefix],
  ['stripprefix.forceslash', () => undefined],
  ['addprefix.prefix', addPrefix],
  ['replacepath.path', replacePath],
  ['ipallowlist.sourcerange', (chain, label) => applyAllowList(chain, label)],
  ['ipwhitelist.sourcerange', (chain, label) => applyAllowList(chain, label)],
  ['retry.attempts', (chain, label) => applyRetry(chain, label)],
  ['retry.initialinterval', () => undefined],
]);

/** They change how an answer travels, not what it is. */
const NEEDLESS: ReadonlySet<string> = new Set(['compress', 'buffering', 'contenttype']);

const DEEPEST = 8;

/**
 * Applies the middlewares that a router names, in their order. One that is not known or not supported may have been a
 * protection: the router must not be served without it.
 *
 * @returns in words, why they cannot be applied
 */
export const applyMiddlewares = (
  names: readonly string[],
  find: FindMiddleware,
  chain: Chain,
  depth = 0,
): string | undefined => {
  if (depth > DEEPEST) return 'middlewares are chained too deeply';
  for (const reference of names) {
    const found = find(reference);
    const fault = typeof found === 'string' ? found : applyOne(found, chain, depth);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

const applyOne = ({ section, find }: Found, chain: Chain, depth: number): string | undefined => {
  const [[firstKey = '', first] = []] = section;
  const [kind = ''] = firstKey.split('.');
  const mixed = [...section].find(([key]) => key.split('.')[0] !== kind);
  if (mixed !== undefined) return `${mixed[1].tag}: a middleware is of one kind`;
  if (NEEDLESS.has(kind)) return undefined;
  if (kind === 'headers') return applyHeaders(chain, optionsOf(section));
  if (kind === 'redirectscheme') return applyRedirectScheme(chain, optionsOf(section));
  if (kind === 'ratelimit') return applyRateLimit(chain, optionsOf(section));
  if (kind === 'chain') {
    return applyMiddlewares(readList(section.get('chain.middlewares')?.value ?? ''), find, chain, depth + 1);
  }
  for (const [key, label] of section) {
    const apply = OPTIONS.get(key);
    const fault = apply === undefined ? unsupported(kind) : apply(chain, label);
    if (fault !== undefined) return `${label.tag}: ${fault}`;
  }
  return first === undefined ? 'a middleware without options is not supported' : undefined;
};

const unsupported = (kind: string): string =>
  kind === 'forwardauth'
    ? 'forwardauth is not supported; with path= or host= and auth=SERVICE/path among its tags the instance is served by those'
    : 'this middleware is not supported';

const optionsOf = (section: Section): Section =>
  new Map([...section].map(([key, label]) => [key.slice(key.indexOf('.') + 1), label]));

/** Traefik answers GET with 301 or 302, and other methods with 308 or 307; here it is one for all, which keeps the method. */
const applyRedirectScheme = (chain: Chain, options: Section): string | undefined => {
  const { value: scheme = '' } = options.get('scheme') ?? {};
  const { value: port } = options.get('port') ?? {};
  const { value: permanent = 'false' } = options.get('permanent') ?? {};
  const unknown = [...options].find(([key]) => !['scheme', 'port', 'permanent'].includes(key));
  if (unknown !== undefined) return `${unknown[1].tag}: this option of redirectscheme is not supported`;
  if (scheme !== 'http' && scheme !== 'https') return 'redirectscheme: the scheme is http or https';
  if (port !== undefined && !/^\d{1,5}$/.test(port)) return 'redirectscheme: a port is a number';
  chain.redirect = {
    type: 'redirect',
    status: readFlag(permanent) ? 308 : 307,
    scheme,
    unlessThere: true,
    ...(port === undefined ? {} : { port: Number(port) }),
  };
  return undefined;
};

const applyAllowList = (chain: Chain, { value }: Label): string | undefined => {
  const allow = readList(value);
  if (allow.length === 0 || !allow.every(isBlock)) return 'these are addresses or CIDR blocks';
  chain.access.push({ type: 'access', allow });
  return undefined;
};

const applyRetry = (chain: Chain, { value }: Label): string | undefined => {
  const attempts = Number(value);
  if (!/^\d{1,3}$/.test(value) || attempts < 1) return 'attempts are a number from 1';
  // Traefik counts the first one, too.
  chain.settings = { ...chain.settings, retries: Math.min(attempts - 1, 10) };
  return undefined;
};
