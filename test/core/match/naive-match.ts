import { BlockList, isIPv6 } from 'node:net';
import { RE2JS } from 're2js';
import type { Match, ValueMatch } from '../../../src/core/model/match.ts';
import type { RequestFacts } from '../../../src/core/request-facts.ts';

/**
 * Matching as one would tell it to a child: all rules in order of precedence, the first that fits. Slow, plain, and written
 * without a look at how the real one does it.
 *
 * @param matches in order of age, the oldest first
 */
export const naiveMatch = (matches: readonly Match[], facts: RequestFacts): Match | undefined =>
  [...matches].sort(before).find(match => fits(match, facts));

const before = (a: Match, b: Match): number => {
  const numbers = (a.priority === undefined ? 1 : 0) - (b.priority === undefined ? 1 : 0);
  if (numbers !== 0) return -numbers;
  const keysOf = (m: Match): number[] => [
    m.priority ?? 0,
    m.host === undefined ? 0 : m.host[0] === '*' ? 1 : 2,
    m.host?.[0] === '*' ? m.host.length : 0,
    (m.hostRegex ?? '').length,
    { exact: 3, regex: 2, prefix: 1, text: 1 }[m.kind],
    m.path.length,
    m.method ? 1 : 0,
    (m.headers ?? []).length,
    (m.query ?? []).length,
    (m.scheme ? 1 : 0) + (m.addresses ? 1 : 0) + (m.also ?? []).length,
  ];
  const [left, right] = [keysOf(a), keysOf(b)];
  for (let i = 0; i < left.length; i++) {
    const difference = (right[i] ?? 0) - (left[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

export const fits = (match: Match, facts: RequestFacts): boolean =>
  hostFits(match, facts.host) &&
  pathFits(match, facts.path) &&
  (match.method === undefined || match.method === facts.method) &&
  (match.headers ?? []).every(wanted => valueFits(wanted, facts.header(wanted.name))) &&
  (match.query ?? []).every(wanted => valueFits(wanted, facts.query(wanted.name))) &&
  (match.scheme === undefined || match.scheme === facts.scheme) &&
  (match.addresses === undefined || match.addresses.some(block => isWithin(facts.clientAddress, block))) &&
  (match.also ?? []).every(other => fits(other, facts)) &&
  !(match.unless ?? []).some(other => fits(other, facts));

const hostFits = ({ host, hostRegex }: Match, asked: string): boolean => {
  if (hostRegex !== undefined && !RE2JS.matches(hostRegex, asked)) return false;
  if (host === undefined || host === asked) return true;
  if (!host.startsWith('*.')) return false;
  const labels = asked.split('.');
  const wanted = host.split('.').slice(1);
  return labels.length > wanted.length && labels.slice(-wanted.length).join('.') === wanted.join('.');
};

const pathFits = ({ kind, path }: Match, asked: string): boolean => {
  if (kind === 'exact') return asked === path;
  if (kind === 'regex') return RE2JS.matches(path, asked);
  if (kind === 'text') return asked.slice(0, path.length) === path;
  if (path === '/') return true;
  const segments = path.split('/');
  return asked.split('/').slice(0, segments.length).join('/') === path;
};

const valueFits = ({ kind, value }: ValueMatch, found: string | undefined): boolean => {
  if (found === undefined) return false;
  return kind === 'present' || (kind === 'exact' ? value === found : RE2JS.matches(value, found));
};

const isWithin = (address = '', block: string): boolean => {
  const [net = '', bits] = block.split('/');
  const family = isIPv6(net) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  if (bits === undefined) list.addAddress(net, family);
  else list.addSubnet(net, Number(bits), family);
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
};
