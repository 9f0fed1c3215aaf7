import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { explainMatch } from '../../../src/core/match/explain-match.ts';
import { compileRoutes, matchRoute } from '../../../src/core/match/match.ts';
import type { Match } from '../../../src/core/model/match.ts';
import type { Rule } from '../../../src/core/model/rule.ts';
import { ruleId } from '../../../src/core/model/rule-id.ts';
import { type Asked, factsOf } from '../../support/facts.ts';
import { asked, matches } from './match-arbitraries.ts';

const table = (rules: readonly Match[]) =>
  compileRoutes(
    rules.map(
      (match): Rule => ({
        id: ruleId(match),
        match,
        origin: { from: 'tags', service: 'any', createIndex: 1 },
        backends: [],
      }),
    ),
  );

const told = (rules: readonly Match[], request: Asked) =>
  explainMatch(table(rules), factsOf(request)).candidates.map(({ route, missing }) => [
    route.rule.id,
    missing,
  ]);

const RULES: Match[] = [
  { kind: 'prefix', path: '/' },
  { kind: 'prefix', path: '/a' },
  { kind: 'prefix', path: '/a', method: 'POST' },
  { kind: 'prefix', path: '/a', headers: [{ name: 'x-tenant', kind: 'exact', value: 'acme' }] },
  { kind: 'prefix', path: '/a', query: [{ name: 'beta', kind: 'present', value: '' }] },
  { kind: 'prefix', path: '/a/b', unless: [{ kind: 'exact', path: '/a/b/c' }] },
  { kind: 'prefix', path: '/b' },
  { kind: 'prefix', path: '/', priority: 7 },
];

it('every rule whose host and path fit, in order of precedence, with what it asks for in vain', () => {
  assert.deepEqual(told(RULES, { path: '/a/b/c', headers: { 'x-tenant': 'other' } }), [
    ['/a/b/* !"/a/b/c"', 'unless /a/b/c'],
    ['POST /a/*', 'method POST'],
    ['/a/* x-tenant=acme', 'header x-tenant=acme'],
    ['/a/* ?beta', 'query ?beta'],
    ['/a/*', undefined],
    ['/*', undefined],
    ['/* :priority=7', undefined],
  ]);
});

it('no more than a hundred', () => {
  const many = Array.from({ length: 101 }, (_, i): Match => ({ kind: 'prefix', path: '/', method: `M${i}` }));
  const { candidates, isCut } = explainMatch(table(many), factsOf());
  assert.deepEqual([candidates.length, isCut], [100, true]);
  assert.equal(explainMatch(table(many.slice(1)), factsOf()).isCut, false);
});

it('the first without anything missing is the rule that serves', () => {
  fc.assert(
    fc.property(matches(10), asked, (rules, request) => {
      const compiled = table(rules);
      const { candidates } = explainMatch(compiled, factsOf(request));
      const first = candidates.find(({ missing }) => missing === undefined);
      assert.equal(first?.route.rule, matchRoute(compiled, factsOf(request))?.rule);
    }),
    { numRuns: 1_000 },
  );
});
