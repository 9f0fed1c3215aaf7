import type { Filter } from '../../model/filter.ts';
import type { Dialect, TagProblem, TagRule, TagSource } from '../dialect.ts';
import { readAccess } from './access.ts';
import { type Options, readOptions } from './options.ts';
import { readRedirect, withoutThoseThere } from './redirect.ts';
import { type Reason, readRoute } from './route.ts';
import { prefixHeader, readUse } from './use.ts';

const PREFIX = 'urlprefix-';

/**
 * Reads Fabio's `urlprefix-HOST/PATH OPTION…` tags, each for itself: a bad one costs its rule, and where its match is
 * known the rule stays shut. (github.com/fabiolb/fabio, registry/consul/routecmd.go and route/)
 */
export const readFabioTags: Dialect = source => {
  const rules: TagRule[] = [];
  const problems: TagProblem[] = [];
  for (const tag of source.tags) {
    const text = tag.trim();
    if (!text.startsWith(PREFIX)) continue;
    const said = readTag(text.slice(PREFIX.length).trim(), source);
    if (said.rule !== undefined) rules.push(said.rule);
    for (const reason of said.reasons) problems.push({ tag, reason, fatal: false });
  }
  return { rules, problems, settings: {} };
};

interface Said {
  readonly rule?: TagRule;
  readonly reasons: readonly string[];
}

const readTag = (text: string, source: TagSource): Said => {
  const blank = text.indexOf(' ');
  const options = readOptions(blank < 0 ? '' : text.slice(blank));
  if (options.get('proto') === 'tcp') return { reasons: ['routes of TCP ports are not supported'] };
  const match = readRoute(blank < 0 ? text : text.slice(0, blank));
  if (isReason(match)) return { reasons: [match.reason] };

  const access = readAccess(options);
  const redirect = readRedirect(options);
  const use = readUse(options, source);
  const faults = [
    ...unsupported(options),
    ...[access, redirect, use].filter(isReason).map(({ reason }) => reason),
  ];
  if (faults.length > 0 || isReason(access) || isReason(redirect) || isReason(use)) {
    return { rule: { match, isClosed: true, isShared: true }, reasons: faults };
  }
  const filters: Filter[] = [
    ...(access === undefined ? [] : [access]),
    ...(redirect === undefined ? prefixHeader(options) : [redirect]),
  ];
  const narrowed = redirect === undefined ? match : withoutThoseThere(match, redirect);
  if (narrowed === undefined) return { reasons: ['it redirects to itself'] };
  const { fraction, reason } = readWeight(options);
  return {
    rule: {
      match: narrowed,
      isShared: true,
      ...(Object.keys(use).length === 0 ? {} : { use }),
      ...(filters.length === 0 ? {} : { filters }),
      ...(fraction === undefined ? {} : { fraction }),
    },
    reasons: [...(reason === undefined ? [] : [reason]), ...passedOver(options)],
  };
};

const isReason = (said: object | undefined): said is Reason => said !== undefined && 'reason' in said;

/** Without these, requests would reach what they must not, or what does not understand them. */
const unsupported = (options: Options): string[] => {
  const unknown = [...options.keys()].filter(name => !KNOWN.has(name) && !NEEDLESS.has(name));
  return unknown.map(name => `the option "${name}" is not supported, so the rule is not served`);
};

const KNOWN: ReadonlySet<string> = new Set([
  'allow',
  'deny',
  'grpcservername',
  'host',
  'prepend',
  'proto',
  'redirect',
  'strip',
  'weight',
]);

/** They say nothing of which requests go where. */
const NEEDLESS: ReadonlySet<string> = new Set(['register', 'pxyproto', 'tlsskipverify']);

const passedOver = (options: Options): string[] =>
  [...options.keys()]
    .filter(name => NEEDLESS.has(name))
    .map(name => `the option "${name}" is not supported; the rule is served without it`);

/** Of the traffic of its rule. Zero and less are no weight at all to Fabio. */
const readWeight = (options: Options): { fraction?: number; reason?: string } => {
  const text = options.get('weight');
  if (text === undefined) return {};
  const fraction = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,2})?$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(fraction))
    return { reason: 'a weight is a number, e.g. weight=0.05; the rule is served without' };
  return fraction > 0 ? { fraction } : {};
};
