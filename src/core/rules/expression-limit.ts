import type { Match } from '../model/match.ts';
import { compareOrigins } from '../model/origin.ts';
import type { Problem } from '../model/quarantine.ts';
import type { Rule } from '../model/rule.ts';

/**
 * How many expressions one request may have to be compared with: those of its host and of all less specific hosts. One
 * takes some fifteen microseconds for a path or field of 8 KiB, so that all of them take one millisecond.
 */
export const MOST_EXPRESSIONS = 64;

/** A host is at most a 32nd of 8 KiB. */
const costOf = (expression: string): number => (expression.startsWith(OF_HOST) ? 1 / 32 : 1);
const OF_HOST = 'host ';

/** What would go beyond the limit is not in force: the youngest, so that nobody loses what he had. */
export const limitExpressions = (rules: readonly Rule[]): { rules: readonly Rule[]; problems: Problem[] } => {
  const asking = rules.filter(({ match }) => expressionsOf(match).length > 0);
  if (asking.length <= MOST_EXPRESSIONS && asking.every(({ match }) => expressionsOf(match).length === 1)) {
    return { rules, problems: [] };
  }
  const accepted = new Accepted();
  const refused = new Set<Rule>();
  for (const rule of asking.sort((a, b) => compareOrigins(a.origin, b.origin))) {
    if (!accepted.take(rule.match.host ?? ANY, expressionsOf(rule.match))) refused.add(rule);
  }
  if (refused.size === 0) return { rules, problems: [] };
  return { rules: rules.filter(rule => !refused.has(rule)), problems: [...refused].map(problem) };
};

const ANY = '';

/** Expressions by host. */
class Accepted {
  readonly #hosts = new Map<string, { readonly own: Set<string>; readonly chain: readonly string[] }>();

  /** @returns whether there was room for them, for this host and all below */
  take(host: string, expressions: readonly string[]): boolean {
    const { own, chain } = this.#hosts.get(host) ?? { own: new Set<string>(), chain: chainOf(host) };
    const wanted = expressions.filter(expression => !own.has(expression));
    if (wanted.length === 0) return true;
    if (this.#cost(chain, wanted) > MOST_EXPRESSIONS) return false;
    for (const [other, { chain }] of this.#below(host)) {
      if (other !== host && this.#cost(chain, wanted) > MOST_EXPRESSIONS) return false;
    }
    for (const expression of wanted) own.add(expression);
    this.#hosts.set(host, { own, chain });
    return true;
  }

  #cost(chain: readonly string[], more: readonly string[]): number {
    const all = new Set(more);
    for (const host of chain) for (const expression of this.#hosts.get(host)?.own ?? []) all.add(expression);
    let cost = 0;
    for (const expression of all) cost += costOf(expression);
    return cost;
  }

  #below(host: string) {
    if (host !== ANY && !host.startsWith('*.')) return [];
    return [...this.#hosts].filter(([other]) => other.endsWith(host.slice(1)));
  }
}

/** The host and those that are less specific: `a.b.c`, `*.b.c`, `*.c`, any. */
const chainOf = (host: string): string[] => {
  const chain = [host];
  for (
    let dot = host.indexOf('.', host.startsWith('*.') ? 2 : 0);
    dot >= 0;
    dot = host.indexOf('.', dot + 1)
  ) {
    chain.push(`*${host.slice(dot)}`);
  }
  return host === ANY ? chain : [...chain, ANY];
};

/** Each with what it is compared with: the same expression of the same thing is compared once. */
const expressionsOf = (match: Match): string[] => {
  const { kind, path, hostRegex, headers = [], query = [], also = [], unless = [] } = match;
  const found: string[] = [];
  if (kind === 'regex') found.push(`path ${path}`);
  if (hostRegex !== undefined) found.push(OF_HOST + hostRegex);
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
