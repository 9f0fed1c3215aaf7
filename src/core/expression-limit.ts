import type { Match, Problem, Rule } from './model.ts';
import { compareOrigins } from './origin.ts';

/**
 * How many expressions one request may have to be compared with: those of its host and of all less specific hosts. Each
 * takes some thirty microseconds for 8 KiB, so that all of them take one millisecond.
 */
export const MOST_EXPRESSIONS = 32;

/** What would go beyond the limit is not in force: the youngest of a host, so that nobody loses what he had. */
export const limitExpressions = (rules: readonly Rule[]): { rules: readonly Rule[]; problems: Problem[] } => {
  const asking = rules.filter(({ match }) => expressionsOf(match).length > 0);
  if (asking.length === 0) return { rules, problems: [] };
  const refused = new Set<Rule>();
  const accepted = new Map<string, Set<string>>();
  for (const rule of asking.sort((a, b) => compareOrigins(a.origin, b.origin))) {
    const { host = '' } = rule.match;
    const own = accepted.get(host) ?? new Set();
    const wanted = expressionsOf(rule.match).filter(expression => !own.has(expression));
    if (wanted.length === 0) continue;
    const hosts = [
      host,
      ...[...accepted.keys()].filter(other => other !== host && chainOf(other).includes(host)),
    ];
    if (hosts.every(each => union(accepted, chainOf(each), wanted).size <= MOST_EXPRESSIONS)) {
      accepted.set(host, new Set([...own, ...wanted]));
    } else refused.add(rule);
  }
  if (refused.size === 0) return { rules, problems: [] };
  return { rules: rules.filter(rule => !refused.has(rule)), problems: [...refused].map(problem) };
};

/** The host and those that are less specific: `a.b.c`, `*.b.c`, `*.c`, any. */
const chainOf = (host: string): string[] => {
  const labels = (host.startsWith('*.') ? host.slice(2) : host).split('.');
  const wildcards = labels
    .slice(host.startsWith('*.') ? 0 : 1)
    .map((_, i, all) => `*.${all.slice(i).join('.')}`);
  return [...new Set([host, ...wildcards, ''])];
};

const union = (
  accepted: ReadonlyMap<string, ReadonlySet<string>>,
  hosts: readonly string[],
  more: readonly string[],
): Set<string> => new Set([...hosts.flatMap(host => [...(accepted.get(host) ?? [])]), ...more]);

/** Each with what it is compared with: the same expression of the same thing is compared once. */
const expressionsOf = (match: Match): string[] => {
  const { kind, path, hostRegex, headers = [], query = [], also = [], unless = [] } = match;
  const found: string[] = [];
  if (kind === 'regex') found.push(`path ${path}`);
  if (hostRegex !== undefined) found.push(`host ${hostRegex}`);
  for (const { kind, name, value } of headers) if (kind === 'regex') found.push(`header ${name} ${value}`);
  for (const { kind, name, value } of query) if (kind === 'regex') found.push(`query ${name} ${value}`);
  for (const other of [...also, ...unless]) found.push(...expressionsOf(other));
  return found;
};

const problem = ({ id, origin }: Rule): Problem => ({
  kind: 'limit',
  owner: origin.from === 'tags' ? origin.service : origin.name,
  ...(origin.from === 'tags' ? { service: origin.service } : { place: origin.place }),
  subject: id,
  reason: `a request to this host would have to be compared with more than ${MOST_EXPRESSIONS} expressions; use prefixes, or one expression in place of several`,
});
