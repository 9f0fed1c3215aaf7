import type { Match } from '../../model/match.ts';
import type { TagRule, TagSource } from '../dialect.ts';
import { type Chain, filtersOf, newChain } from './chain.ts';
import { matchesOf } from './clauses.ts';
import { parseRule } from './expression.ts';
import { type Labels, ownName, readFlag, readList, type Section } from './labels.ts';
import type { FindMiddleware } from './lookup.ts';
import { applyMiddlewares } from './middlewares.ts';
import { readService, type Server } from './service.ts';
import { RuleSyntaxError } from './syntax-error.ts';

export interface RouterSaid {
  readonly rules: readonly TagRule[];
  /** Why it is not served, in words. */
  readonly reason?: string;
}

/** The rules of one router: one for each way in which its rule can be fulfilled. */
export const readRouter = (
  section: Section,
  labels: Labels,
  source: TagSource,
  find: FindMiddleware,
): RouterSaid => {
  const matches = readMatches(section, source);
  if (typeof matches === 'string') return { rules: [], reason: matches };
  const server = readServer(section, labels, source);
  if (typeof server === 'string') return shut(matches, server);
  const chain = newChain();
  const fault = applyMiddlewares(readList(section.get('middlewares')?.value ?? ''), find, chain);
  if (fault !== undefined) return shut(matches, fault);
  return { rules: matches.map(match => ruleFor(match, server, chain)) };
};

const shut = (matches: readonly Match[], reason: string): RouterSaid => ({
  rules: matches.map(match => ({ match, isClosed: true })),
  reason,
});

/** As Traefik makes the name of a router and of a service out of Consul's. */
export const normalise = (service: string): string =>
  service
    .split(/[^\p{L}\p{N}]+/u)
    .filter(part => part !== '')
    .join('-');

const FIELDS = /^(rule|service|priority|middlewares|entrypoints|rulesyntax|tls|tls\..+|observability\..+)$/;

const readMatches = (section: Section, { service }: TagSource): Match[] | string => {
  const unknown = [...section].find(([key]) => !FIELDS.test(key));
  if (unknown !== undefined) return `${unknown[1].tag}: a router has no such field`;
  if (section.get('rulesyntax')?.value.toLowerCase() === 'v2') return 'rules of Traefik v2 are not supported';
  const rule = section.get('rule')?.value || `Host(\`${normalise(service)}\`)`;
  const priority = readPriority(section.get('priority')?.value, rule);
  if (priority === undefined) return 'a priority is a whole number';
  const scheme = isForTls(section) ? { scheme: 'https' as const } : {};
  try {
    return matchesOf(parseRule(rule)).map(match => ({ ...match, ...scheme, priority }));
  } catch (cause) {
    if (cause instanceof RuleSyntaxError) return cause.message;
    throw cause;
  }
};

/** 0 is none, as in Traefik: the longer the rule, the earlier it is tried. */
const readPriority = (text = '0', rule: string): number | undefined => {
  if (!/^[+-]?\d{1,15}$/.test(text)) return undefined;
  return Number(text) || new TextEncoder().encode(rule).length;
};

const isForTls = (section: Section): boolean =>
  [...section].some(
    ([key, { value }]) => key.startsWith('tls.') || (key === 'tls' && readFlag(value) !== false),
  );

const readServer = (section: Section, { services }: Labels, source: TagSource): Server | string => {
  const reference = section.get('service')?.value;
  const [only, second] = [...services.keys()];
  if (reference === undefined && second !== undefined) {
    return 'the instance has tags of several services, and the router names none of them';
  }
  const auto = normalise(source.service);
  const name = reference === undefined ? (only ?? auto) : ownName(reference);
  const service = name === undefined ? undefined : services.get(name);
  const isAuto = services.size === 0 && name === auto.toLowerCase();
  if (name === undefined || (reference !== undefined && service === undefined && !isAuto)) {
    return `the service ${reference} is not among the tags of this instance: define it there, or use a route document`;
  }
  return readService(name, service ?? new Map(), source);
};

const ruleFor = (match: Match, server: Server, chain: Chain): TagRule => {
  const filters = filtersOf(chain);
  const use = { ...server.use, ...(chain.host === undefined ? {} : { host: chain.host }) };
  return {
    match,
    settings: { ...server.settings, ...chain.settings },
    ...(filters.length === 0 ? {} : { filters }),
    ...(Object.keys(use).length === 0 ? {} : { use }),
    ...(server.isIdle ? { isClosed: true } : {}),
  };
};
