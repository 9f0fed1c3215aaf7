import fc from 'fast-check';
import type { Match, ValueMatch } from '../../../src/core/model/match.ts';
import { ruleId } from '../../../src/core/model/rule-id.ts';
import type { Asked } from '../../support/facts.ts';

/** Few words, so that rules and requests meet often. */
const label = fc.constantFrom('a', 'b', 'c');
const host = fc.array(label, { minLength: 1, maxLength: 3 }).map(labels => labels.join('.'));
const path = fc
  .array(fc.constantFrom('x', 'y', 'xy', 'x1', ''), { maxLength: 3 })
  .map(segments => `/${segments.join('/')}`);
const value = fc.constantFrom('1', '2', '12');
const name = fc.constantFrom('n', 'm');

const valueMatch: fc.Arbitrary<ValueMatch> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ name, kind: fc.constant('exact' as const), value }) },
  fc.record({ name, kind: fc.constant('regex' as const), value: fc.constantFrom('1.*', '[12]', '2|12') }),
  fc.record({ name, kind: fc.constant('present' as const), value: fc.constant('') }),
);
const values = fc.uniqueArray(valueMatch, { minLength: 1, maxLength: 2, selector: each => each.name });

const place = fc.oneof(
  { weight: 3, arbitrary: path.map(p => ({ kind: 'prefix' as const, path: p.replace(/\/+$/, '') || '/' })) },
  { weight: 2, arbitrary: path.map(p => ({ kind: 'exact' as const, path: p })) },
  { weight: 2, arbitrary: path.map(p => ({ kind: 'text' as const, path: p })) },
  fc
    .constantFrom('/x.*', '/[xy]/.*', '/(x|xy)(/.*)?', '.*1', '/x/y?', '^/.*$', '/./.', '(?i)/X.*')
    .map(pattern => ({ kind: 'regex' as const, path: pattern })),
);

const maybe = <T>(often: number, key: string, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<object> =>
  fc.oneof(
    { weight: 10 - often, arbitrary: fc.constant({}) },
    { weight: often, arbitrary: arbitrary.map(v => ({ [key]: v })) },
  );

const matchWith = (...more: fc.Arbitrary<object>[]): fc.Arbitrary<Match> =>
  fc
    .tuple(
      place,
      maybe(
        6,
        'host',
        fc.oneof(
          host,
          host.map(h => `*.${h}`),
        ),
      ),
      maybe(2, 'method', fc.constantFrom('GET', 'POST')),
      maybe(2, 'headers', values),
      maybe(2, 'query', values),
      ...more,
    )
    .map(parts => Object.assign({}, ...parts) as Match);

export const match: fc.Arbitrary<Match> = matchWith(
  maybe(1, 'hostRegex', fc.constantFrom('[ab].*', '.*c', 'a\\.b')),
  maybe(1, 'scheme', fc.constantFrom('http', 'https')),
  maybe(1, 'addresses', fc.constantFrom(['10.0.0.0/8'], ['192.0.2.1', '2001:db8::/32'])),
  maybe(1, 'unless', fc.array(matchWith(), { minLength: 1, maxLength: 2 })),
  maybe(1, 'also', fc.array(matchWith(), { minLength: 1, maxLength: 1 })),
  maybe(1, 'priority', fc.integer({ min: -1, max: 3 })),
);

/** As claims leave them: one rule of each match. */
export const matches = (most: number): fc.Arbitrary<Match[]> =>
  fc.uniqueArray(match, { maxLength: most, selector: ruleId });

/** As of Traefik's tags alone: every rule has a number, mostly the length of what it says. */
export const numberedMatches = (most: number): fc.Arbitrary<Match[]> =>
  fc.uniqueArray(
    match.map(each => ({ ...each, priority: each.priority ?? ruleId(each).length })),
    { maxLength: most, selector: ruleId },
  );

const found = fc.dictionary(name, value, { maxKeys: 2, noNullPrototype: true });

export const asked: fc.Arbitrary<Asked> = fc.record({
  host,
  path,
  method: fc.constantFrom('GET', 'POST', 'HEAD'),
  scheme: fc.constantFrom('http' as const, 'https' as const),
  clientAddress: fc.constantFrom('10.9.9.9', '192.0.2.1', '2001:db8::1', '198.51.100.1'),
  headers: found,
  query: found,
});
