import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRoutes, matchRoute, type RouteTable } from '../../../src/core/match/match.ts';
import type { Match, ValueMatch } from '../../../src/core/model/match.ts';
import type { Rule } from '../../../src/core/model/rule.ts';
import { ruleId } from '../../../src/core/model/rule-id.ts';
import { type Asked, factsOf } from '../../support/facts.ts';

const rule = (match: Match): Rule => ({
  id: ruleId(match),
  match,
  origin: { from: 'tags', service: 'any', createIndex: 1 },
  backends: [],
});

const winner = (rules: readonly Match[], host: string, path: string): string | undefined =>
  winnerOf(rules, { host, path });

const winnerOf = (rules: readonly Match[], asked: Asked): string | undefined =>
  matchRoute(compileRoutes(rules.map(rule)), factsOf(asked))?.where.route;

const exact = (name: string, value: string): ValueMatch => ({ name, kind: 'exact', value });

describe('precedence', () => {
  const rules: Match[] = [
    { kind: 'prefix', path: '/' },
    { kind: 'prefix', path: '/orders' },
    { kind: 'prefix', path: '/orders/special' },
    { kind: 'exact', path: '/orders/special' },
    { host: '*.example.com', kind: 'prefix', path: '/orders' },
    { host: '*.shop.example.com', kind: 'prefix', path: '/' },
    { host: 'eu.shop.example.com', kind: 'exact', path: '/only' },
  ];
  const table: [host: string, path: string, route: string | undefined][] = [
    ['x.test', '/', '/*'],
    ['x.test', '/ordersX', '/*'],
    ['x.test', '/orders', '/orders/*'],
    ['x.test', '/orders/', '/orders/*'],
    ['x.test', '/orders/1/2', '/orders/*'],
    ['x.test', '/orders/special', '/orders/special'],
    ['x.test', '/orders/special/1', '/orders/special/*'],
    ['a.example.com', '/orders/special', '*.example.com/orders/*'],
    ['a.b.example.com', '/orders', '*.example.com/orders/*'],
    ['example.com', '/orders', '/orders/*'],
    ['.example.com', '/orders', '/orders/*'],
    ['a.shop.example.com', '/orders', '*.shop.example.com/*'],
    ['eu.shop.example.com', '/only', 'eu.shop.example.com/only'],
    ['eu.shop.example.com', '/other', '*.shop.example.com/*'],
  ];
  for (const [host, path, route] of table) {
    it(`${host}${path} -> ${route}`, () => assert.equal(winner(rules, host, path), route));
  }
  it('nothing fits', () => assert.equal(winner([{ kind: 'prefix', path: '/a' }], 'x.test', '/b'), undefined));
  it('an empty table', () => assert.equal(winner([], 'x.test', '/'), undefined));
});

describe('what a rule asks for besides host and path', () => {
  const rules: Match[] = [
    { kind: 'prefix', path: '/a' },
    { kind: 'prefix', path: '/a', method: 'POST' },
    { kind: 'prefix', path: '/a', headers: [exact('x-tenant', 'acme')] },
    { kind: 'prefix', path: '/a', headers: [exact('x-tenant', 'acme'), exact('x-beta', '1')] },
    { kind: 'prefix', path: '/a', query: [exact('beta', '1')] },
    { kind: 'prefix', path: '/a', headers: [exact('x-tenant', 'acme')], query: [exact('beta', '1')] },
    { kind: 'prefix', path: '/a/b', method: 'DELETE' },
    { kind: 'exact', path: '/a/b', headers: [{ name: 'x-v', kind: 'regex', value: 'v[0-9]+' }] },
    { kind: 'regex', path: '/a/[0-9]+' },
    { kind: 'regex', path: '/a/[0-9]+', headers: [{ name: 'x-any', kind: 'present', value: '' }] },
    { kind: 'prefix', path: '/only', method: 'GET' },
  ];
  const table: [name: string, Asked, route: string | undefined][] = [
    ['nothing', { path: '/a' }, '/a/*'],
    ['a method', { path: '/a', method: 'POST' }, 'POST /a/*'],
    ['a method before headers', { path: '/a', method: 'POST', headers: { 'x-tenant': 'acme' } }, 'POST /a/*'],
    ['a header', { path: '/a', headers: { 'x-tenant': 'acme' } }, '/a/* x-tenant=acme'],
    ['another value', { path: '/a', headers: { 'x-tenant': 'Acme' } }, '/a/*'],
    [
      'more headers',
      { path: '/a', headers: { 'x-tenant': 'acme', 'x-beta': '1' } },
      '/a/* x-beta=1 x-tenant=acme',
    ],
    ['a parameter', { path: '/a', query: { beta: '1' } }, '/a/* ?beta=1'],
    [
      'both',
      { path: '/a', query: { beta: '1' }, headers: { 'x-tenant': 'acme' } },
      '/a/* x-tenant=acme ?beta=1',
    ],
    ['a longer prefix without its method', { path: '/a/b/c' }, '/a/*'],
    ['a longer prefix with it', { path: '/a/b/c', method: 'DELETE' }, 'DELETE /a/b/*'],
    ['an exact path with what it asks for', { path: '/a/b', headers: { 'x-v': 'v12' } }, '/a/b x-v~v[0-9]+'],
    ['a value that an expression fits only in part', { path: '/a/b', headers: { 'x-v': 'v12x' } }, '/a/*'],
    ['an expression before a prefix', { path: '/a/7' }, '~/a/[0-9]+'],
    ['a header that is there', { path: '/a/7', headers: { 'x-any': '' } }, '~/a/[0-9]+ x-any'],
    ['an expression of the whole path', { path: '/a/7/x' }, '/a/*'],
    ['HEAD is not GET', { path: '/only', method: 'HEAD' }, undefined],
  ];
  for (const [name, asked, route] of table) it(name, () => assert.equal(winnerOf(rules, asked), route));
});

describe('a rule that cannot be compiled', () => {
  const broken: [name: string, Match][] = [
    ['a header', { kind: 'prefix', path: '/', headers: [{ name: 'x', kind: 'regex', value: '(' }] }],
    ['a path', { kind: 'regex', path: '(' }],
    ['a host', { kind: 'prefix', path: '/', hostRegex: '(' }],
    ['an address', { kind: 'prefix', path: '/', addresses: ['10.0.0.0/33'] }],
    ['what it excludes', { kind: 'prefix', path: '/', unless: [{ kind: 'regex', path: '(' }] }],
  ];
  for (const [name, rule] of broken) {
    it(`${name}: takes nothing, and leaves the rest alone`, () => {
      assert.equal(winnerOf([rule], { headers: { x: '1' } }), undefined);
      assert.equal(winnerOf([rule, { kind: 'exact', path: '/' }], {}), '/');
    });
  }
});

describe('a table made from the one before', () => {
  const rules = ['/a', '/a/b', '/c'].map(path => rule({ kind: 'prefix', path }));
  const conditional = rule({ kind: 'prefix', path: '/a', method: 'POST' });
  const before = compileRoutes(rules);
  const at = (table: RouteTable, path: string) => matchRoute(table, factsOf({ path }));

  it('keeps the routes of rules that stayed', () => {
    const changed = rule({ kind: 'prefix', path: '/c' });
    const after = compileRoutes([...rules.slice(0, 2), changed], before);
    assert.equal(at(after, '/a'), at(before, '/a'));
    assert.equal(at(after, '/a/b'), at(before, '/a/b'));
    assert.notEqual(at(after, '/c'), at(before, '/c'));
    assert.equal(at(after, '/c')?.rule, changed);
  });

  it('keeps those behind a new one of the same path', () => {
    assert.equal(at(compileRoutes([...rules, conditional], before), '/a'), at(before, '/a'));
  });

  it('goes on counting where others stand behind a rule', () => {
    const post = (table: RouteTable) => matchRoute(table, factsOf({ path: '/a', method: 'POST' }));
    const alone = compileRoutes([conditional]);
    const after = compileRoutes([...rules, conditional], alone);
    assert.notEqual(post(after), post(alone));
    assert.equal(post(after)?.where, post(alone)?.where);
    assert.equal(post(compileRoutes([conditional], after))?.next, undefined);
  });

  it('is not changed by it', () => {
    compileRoutes([conditional], before);
    assert.equal(at(before, '/c')?.rule, rules[2]);
  });
});

it('a path of thousands of segments costs no more than what the rules could match', () => {
  const table = compileRoutes([
    rule({ kind: 'prefix', path: '/' }),
    rule({ kind: 'prefix', path: '/orders' }),
  ]);
  const attack = '/'.repeat(8_000);
  const begun = performance.now();
  // Each took 60 ms when every prefix of the path was looked up.
  for (let i = 0; i < 200; i++)
    assert.equal(matchRoute(table, factsOf({ path: attack + i }))?.where.route, '/*');
  assert.ok(performance.now() - begun < 2_000, `${performance.now() - begun} ms for 200 look-ups`);
});
