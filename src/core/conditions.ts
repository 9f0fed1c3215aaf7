import { AddressSet } from './address-set.ts';
import type { Match, ValueMatch } from './model.ts';
import { isPathPrefix } from './path.ts';
import { expressionOf } from './regex/expression.ts';
import { ExpressionFault } from './regex/fault.ts';
import type { RequestFacts } from './request-facts.ts';
import { conditionText, ruleId } from './rule-id.ts';

/** One thing that a rule asks of a request besides host and path. */
export interface Condition {
  /** As people read it: `method GET`, `header x-tenant=acme`, `query ?beta=1`, `unless /orders/internal/*`. */
  readonly text: string;
  readonly holds: Test;
}

type Test = (facts: RequestFacts) => boolean;

/** All must hold, those that cost the least first. Undefined where nothing is asked. */
export const conditionsOf = (match: Match): readonly Condition[] | undefined => {
  try {
    const conditions = [...plainConditions(match), ...dearConditions(match)];
    return conditions.length === 0 ? undefined : conditions;
  } catch (error) {
    if (!(error instanceof ExpressionFault || error instanceof RangeError)) throw error;
    // Who reads rules refuses them with the reason. Without a part of what it asks a rule would be wider than meant.
    return [{ text: `a sound condition: ${error.message}`, holds: () => false }];
  }
};

const plainConditions = ({ method, headers = [], query = [], scheme, addresses }: Match): Condition[] => [
  ...(method === undefined ? [] : [condition(`method ${method}`, facts => facts.method === method)]),
  ...headers.filter(isPlain).map(headerCondition),
  ...query.filter(isPlain).map(queryCondition),
  ...(scheme === undefined ? [] : [condition(`scheme ${scheme}`, facts => facts.scheme === scheme)]),
  ...(addresses === undefined ? [] : [addressCondition(addresses)]),
];

/** Expressions, and whole matches within a match. */
const dearConditions = ({ headers = [], query = [], also = [], unless = [] }: Match): Condition[] => [
  ...headers.filter(isRegex).map(headerCondition),
  ...query.filter(isRegex).map(queryCondition),
  ...also.map(match => condition(`also ${ruleId(match)}`, testOf(match))),
  ...unless.map(match => {
    const excluded = testOf(match);
    return condition(`unless ${ruleId(match)}`, facts => !excluded(facts));
  }),
];

const condition = (text: string, holds: Test): Condition => ({ text, holds });
const isRegex = ({ kind }: ValueMatch): boolean => kind === 'regex';
const isPlain = (wanted: ValueMatch): boolean => !isRegex(wanted);

const headerCondition = (wanted: ValueMatch): Condition => {
  const fits = valueTest(`header ${wanted.name}`, wanted);
  return condition(`header ${conditionText('', wanted)}`, facts => fits(facts.header(wanted.name)));
};

const queryCondition = (wanted: ValueMatch): Condition => {
  const fits = valueTest(`query ${wanted.name}`, wanted);
  return condition(`query ${conditionText('?', wanted)}`, facts => fits(facts.query(wanted.name)));
};

const addressCondition = (addresses: readonly string[]): Condition => {
  const set = new AddressSet(addresses);
  return condition(
    `address ${addresses.join()}`,
    ({ clientAddress }) => clientAddress !== undefined && set.has(clientAddress),
  );
};

const valueTest = (
  subject: string,
  { kind, value }: ValueMatch,
): ((found: string | undefined) => boolean) => {
  if (kind === 'present') return found => found !== undefined;
  if (kind === 'exact') return found => found === value;
  const expression = expressionOf(subject, value);
  return found => found !== undefined && expression.fits(found);
};

/** A whole match within another: host and path are asked of it like all the rest. */
const testOf = (match: Match): Test => {
  const tests = [
    ...hostTests(match),
    pathTest(match),
    ...plainConditions(match).map(({ holds }) => holds),
    ...dearConditions(match).map(({ holds }) => holds),
  ];
  return facts => tests.every(holds => holds(facts));
};

const hostTests = ({ host, hostRegex }: Match): Test[] => {
  const tests: Test[] = [];
  if (host?.startsWith('*.') === true) {
    const suffix = host.slice(1);
    tests.push(facts => facts.host.length > suffix.length && facts.host.endsWith(suffix));
  } else if (host !== undefined) tests.push(facts => facts.host === host);
  if (hostRegex !== undefined) {
    const expression = expressionOf('host', hostRegex);
    tests.push(facts => expression.fits(facts.host));
  }
  return tests;
};

const pathTest = ({ kind, path }: Match): Test => {
  if (kind === 'exact') return facts => facts.path === path;
  if (kind === 'prefix') return facts => isPathPrefix(path, facts.path);
  if (kind === 'text') return facts => facts.path.startsWith(path);
  const expression = expressionOf('path', path);
  return facts => expression.fits(facts.path);
};

/** The first condition that does not hold. */
export const missing = (conditions: readonly Condition[], facts: RequestFacts): Condition | undefined =>
  conditions.find(({ holds }) => !holds(facts));
