import type { Match } from '../../model/match.ts';
import { faultOf } from '../../regex/expression.ts';
import { isBlock, isHostName, isToken, readText } from '../spelling.ts';
import type { Expression } from './expression.ts';
import { RuleSyntaxError } from './syntax-error.ts';

/** What one matcher asks for; nothing where it fits every request. */
export type Condition = Partial<Match>;

type Matcher = Extract<Expression, { type: 'matcher' }>;

/**
 * What a matcher of Traefik v3 asks for (doc.traefik.io/traefik/v3.7, routing rules).
 *
 * @throws RuleSyntaxError
 */
export const conditionOf = ({ name, args, at }: Matcher): Condition => {
  const [known, { texts, read }] = MATCHERS.find(([each]) => spellingsOf(each).includes(name)) ?? NONE;
  if (known === '') throw new RuleSyntaxError(`there is no matcher ${name}${V2_HINTS.get(name) ?? ''}`, at);
  if (!texts.includes(args.length)) {
    const hint = args.length > Math.max(...texts) ? `; write ${known}(…) || ${known}(…)` : '';
    throw new RuleSyntaxError(`${known} takes ${texts.join(' or ')} in parentheses${hint}`, at);
  }
  const condition = args.includes('') ? 'a text that is not empty' : read(...args);
  if (typeof condition === 'string') throw new RuleSyntaxError(`${known} takes ${condition}`, at);
  return condition;
};

/** The four that Traefik knows. */
const spellingsOf = (name: string): string[] => [
  name,
  name.toLowerCase(),
  name.toUpperCase(),
  name.slice(0, 1) + name.slice(1).toLowerCase(),
];

/** @returns in words, what is expected instead */
type Read = (first?: string, second?: string) => Condition | string;

const host: Read = (text = '') => {
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name === '*') return {};
  if (!isHostName(name.replace(/^\*\./, ''))) return 'a name without port, with "*." in front at most';
  if (!name.startsWith('*.')) return { host: name };
  // Our own wildcard stands for any number of labels, Traefik's for one.
  return { host: name, hostRegex: `[^.]+${name.slice(1).replaceAll('.', '\\.')}` };
};

const hostRegexp: Read = (text = '') =>
  FITS_ALL.test(text) ? {} : withRegex(text, hostRegex => ({ hostRegex }));

const FITS_ALL = /^\^?\.[+*]\$?$/;

const withPath =
  (condition: (path: string) => Condition): Read =>
  (text = '') => {
    const path = readText(text);
    return path === undefined ? 'a path that begins with "/", without query' : condition(path);
  };

const method: Read = (text = '') => (isToken(text) ? { method: text.toUpperCase() } : 'the name of a method');

const header: Read = (name = '', value = '') =>
  isToken(name) ? { headers: [{ name: name.toLowerCase(), kind: 'exact', value }] } : FIELD;

const headerRegexp: Read = (name = '', text = '') =>
  isToken(name)
    ? withRegex(text, value => ({ headers: [{ name: name.toLowerCase(), kind: 'regex', value }] }))
    : FIELD;

const FIELD = 'the name of a field first';

const query: Read = (name = '', value = '') => ({ query: [{ name, kind: 'exact', value }] });

const queryRegexp: Read = (name = '', text) =>
  text === undefined ? query(name) : withRegex(text, value => ({ query: [{ name, kind: 'regex', value }] }));

const clientIp: Read = (block = '') =>
  isBlock(block) ? { addresses: [block] } : 'an address or a CIDR block';

/** Traefik's expressions fit anywhere in a text, ours the whole of it. */
const withRegex = (text: string, condition: (regex: string) => Condition): Condition | string => {
  const regex = `(?s:.*)(?:${text})(?s:.*)`;
  // For itself, too: a text such as `a)(b` is an expression only within these parentheses.
  const fault = faultOf(text) ?? faultOf(regex);
  return fault === undefined ? condition(regex) : `an expression of RE2: ${fault}`;
};

const NONE = ['', { texts: [], read: () => '' }] as const;

/** With how many texts each comes in its parentheses. */
const MATCHERS: readonly (readonly [string, { readonly texts: readonly number[]; readonly read: Read }])[] = [
  ['Host', { texts: [1], read: host }],
  ['HostRegexp', { texts: [1], read: hostRegexp }],
  ['Path', { texts: [1], read: withPath(path => ({ kind: 'exact', path })) }],
  ['PathPrefix', { texts: [1], read: withPath(path => (path === '/' ? {} : { kind: 'text', path })) }],
  ['PathRegexp', { texts: [1], read: (text = '') => withRegex(text, path => ({ kind: 'regex', path })) }],
  ['Method', { texts: [1], read: method }],
  ['Header', { texts: [2], read: header }],
  ['HeaderRegexp', { texts: [2], read: headerRegexp }],
  ['Query', { texts: [1, 2], read: query }],
  ['QueryRegexp', { texts: [1, 2], read: queryRegexp }],
  ['ClientIP', { texts: [1], read: clientIp }],
];

const V2_HINTS: ReadonlyMap<string, string> = new Map([
  ['Headers', ': Traefik v3 has Header'],
  ['HeadersRegexp', ': Traefik v3 has HeaderRegexp'],
  ['HostHeader', ': Traefik v3 has Host'],
]);
