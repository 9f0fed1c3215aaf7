import { AddressSet } from '../address-set.ts';
import { Kept } from '../kept.ts';
import type { Match, ValueMatch } from '../model/match.ts';
import { conditionText, ruleId } from '../model/rule-id.ts';
import { isPathPrefix } from '../path.ts';
import { type Expression, expressionOf } from '../regex/expression.ts';
import { ExpressionFault } from '../regex/fault.ts';
import type { RequestFacts } from '../request-facts.ts';

/** One thing that a rule asks of a request. Plain data beside a few functions: with thousands of them no cache holds more. */
export interface Condition {
  readonly holds: Test;
  /** Of the field or parameter. */
  readonly name: string;
  readonly value: string;
  readonly expression: Expression | undefined;
  readonly addresses: AddressSet | undefined;
  /** Of a match within the match. */
  readonly within: readonly Condition[];
  /** As people read it: `method GET`, `header x-tenant=acme`, `unless /orders/internal/*`. */
  readonly text: string;
}

type Test = (condition: Condition, facts: RequestFacts) => boolean;

/**
 * What a match asks for besides host and path: all must hold. What costs more comes later. Rules that ask for the same
 * share one list. Undefined where nothing is asked.
 */
export const conditionsOf = (match: Match): readonly Condition[] | undefined => {
  if (!asksForMore(match)) return undefined;
  return lists.of(ruleId({ ...withoutHost(match), kind: 'exact', path: '' }), () => soundly(match));
};

/** Each part is small, and mostly a few are used by all. */
const lists = new Kept<readonly Condition[]>(4_096);

const asksForMore = ({ method, headers, query, scheme, addresses, also, unless }: Match): boolean =>
  method !== undefined ||
  scheme !== undefined ||
  addresses !== undefined ||
  [headers, query, also, unless].some(list => list !== undefined && list.length > 0);

const withoutHost = ({ host, hostRegex, priority, ...rest }: Match): Match => rest;

const soundly = (match: Match): readonly Condition[] => {
  try {
    return ofRequest(match);
  } catch (error) {
    if (!(error instanceof ExpressionFault || error instanceof RangeError)) throw error;
    // Who reads rules refuses them with the reason. Without a part of what it asks a rule would be wider than meant.
    return [condition({ holds: () => false, text: `a sound condition: ${error.message}` })];
  }
};

const ofRequest = (match: Match): Condition[] => {
  const { method, headers = [], query = [], scheme, addresses, also = [], unless = [] } = match;
  const values = [
    ...headers.map(wanted => valueCondition('header', wanted)),
    ...query.map(wanted => valueCondition('query', wanted)),
  ];
  return [
    ...(method === undefined ? [] : [plain('method', method)]),
    ...values.filter(({ expression }) => expression === undefined),
    ...(scheme === undefined ? [] : [plain('scheme', scheme)]),
    ...(addresses === undefined ? [] : [addressCondition(addresses)]),
    ...values.filter(({ expression }) => expression !== undefined),
    ...also.map(other => nested('also', other)),
    ...unless.map(other => nested('unless', other)),
  ];
};

/** Of a match within another: there host and path are asked for like all the rest. */
const ofWhole = (match: Match): Condition[] => [...ofHost(match), ofPath(match), ...ofRequest(match)];

const ofHost = ({ host, hostRegex }: Match): Condition[] => [
  ...(host === undefined
    ? []
    : [host.startsWith('*.') ? plain('hostSuffix', host.slice(1)) : plain('host', host)]),
  ...(hostRegex === undefined ? [] : [fitting('hostRegex', 'host', hostRegex)]),
];

const ofPath = ({ kind, path }: Match): Condition =>
  kind === 'regex' ? fitting('pathRegex', 'path', path) : plain(kind, path);

/** Both sides of each are what the names of the fields say. */
const TESTS = {
  method: ({ value }, { method }) => method === value,
  scheme: ({ value }, { scheme }) => scheme === value,
  host: ({ value }, { host }) => host === value,
  hostSuffix: ({ value }, { host }) => host.length > value.length && host.endsWith(value),
  hostRegex: ({ expression }, { host }) => expression?.fits(host) === true,
  exact: ({ value }, { path }) => path === value,
  prefix: ({ value }, { path }) => isPathPrefix(value, path),
  text: ({ value }, { path }) => path.startsWith(value),
  pathRegex: ({ expression }, { path }) => expression?.fits(path) === true,
  header: ({ name, value }, facts) => facts.header(name) === value,
  headerPresent: ({ name }, facts) => facts.header(name) !== undefined,
  headerRegex: ({ name, expression }, facts) => fitsValue(expression, facts.header(name)),
  query: ({ name, value }, facts) => facts.query(name) === value,
  queryPresent: ({ name }, facts) => facts.query(name) !== undefined,
  queryRegex: ({ name, expression }, facts) => fitsValue(expression, facts.query(name)),
  address: ({ addresses }, { clientAddress = '' }) => addresses?.has(clientAddress) === true,
  also: ({ within }, facts) => holdAll(within, facts),
  unless: ({ within }, facts) => !holdAll(within, facts),
} satisfies Record<string, Test>;

const fitsValue = (expression: Expression | undefined, value: string | undefined): boolean =>
  value !== undefined && expression?.fits(value) === true;

/** All of one shape, so that V8 need not ask which they have. */
const condition = (of: Pick<Condition, 'holds' | 'text'> & Partial<Condition>): Condition => ({
  holds: of.holds,
  name: of.name ?? '',
  value: of.value ?? '',
  expression: of.expression,
  addresses: of.addresses,
  within: of.within ?? [],
  text: of.text,
});

type TestName = keyof typeof TESTS;

const plain = (test: TestName, value: string, more: Partial<Condition> = {}): Condition =>
  condition({ holds: TESTS[test], text: `${test} ${value}`, value, ...more });

const fitting = (test: TestName, subject: string, pattern: string): Condition =>
  plain(test, pattern, { expression: expressionOf(subject, pattern) });

const valueCondition = (of: 'header' | 'query', wanted: ValueMatch): Condition => {
  const { name, kind, value } = wanted;
  const test: TestName = kind === 'exact' ? of : kind === 'present' ? `${of}Present` : `${of}Regex`;
  const text = `${of} ${conditionText(of === 'query' ? '?' : '', wanted)}`;
  const expression = kind === 'regex' ? expressionOf(`${of} ${name}`, value) : undefined;
  return plain(test, value, { name, text, expression });
};

const addressCondition = (addresses: readonly string[]): Condition =>
  plain('address', addresses.join(), { addresses: new AddressSet(addresses) });

const nested = (test: 'also' | 'unless', match: Match): Condition =>
  plain(test, ruleId(match), { within: ofWhole(match) });

export const holdAll = (conditions: readonly Condition[], facts: RequestFacts): boolean => {
  for (const condition of conditions) if (!condition.holds(condition, facts)) return false;
  return true;
};

/** The first that does not hold. */
export const missing = (conditions: readonly Condition[], facts: RequestFacts): Condition | undefined =>
  conditions.find(condition => !condition.holds(condition, facts));
