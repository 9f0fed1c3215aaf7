import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compileRoutes, matchRoute } from '../../src/core/match.ts';
import type { Match, Rule } from '../../src/core/model.ts';
import { isPathPrefix } from '../../src/core/path.ts';
import { ruleId } from '../../src/core/rule.ts';

const rule = (match: Match): Rule => ({
  id: ruleId(match),
  match,
  origin: { from: 'tags', service: 'any', createIndex: 1 },
  backends: [],
});

const winner = (rules: readonly Match[], host: string, path: string): string | undefined =>
  matchRoute(compileRoutes(rules.map(rule)), host, path)?.where.route;

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

/** Every rule in order of precedence, the first that fits: slow and plain. */
const naive = (rules: readonly Match[], host: string, path: string): string | undefined => {
  const hostRank = (h: string | undefined): number =>
    h === undefined ? 0 : h.startsWith('*.') ? h.length : 1e6;
  const fitting = rules.filter(
    m =>
      (m.host === undefined ||
        m.host === host ||
        (m.host.startsWith('*.') && host.endsWith(m.host.slice(1)) && host.length > m.host.length - 1)) &&
      (m.kind === 'exact' ? m.path === path : isPathPrefix(m.path, path)),
  );
  const [best] = fitting.sort(
    (a, b) =>
      hostRank(b.host) - hostRank(a.host) ||
      Number(b.kind === 'exact') - Number(a.kind === 'exact') ||
      b.path.length - a.path.length,
  );
  return best === undefined ? undefined : ruleId(best);
};

it('the compiled table agrees with sorting all rules by precedence', () => {
  const label = fc.constantFrom('a', 'b', 'c');
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map(labels => labels.join('.'));
  const path = fc
    .array(fc.constantFrom('x', 'y', 'xy', ''), { maxLength: 4 })
    .map(segments => `/${segments.join('/')}`);
  const prefix = path.map(p => p.replace(/\/+$/, '') || '/');
  const rulePath = fc.oneof(
    prefix.map(p => ({ kind: 'prefix' as const, path: p })),
    path.map(p => ({ kind: 'exact' as const, path: p })),
  );
  const ruleHost = fc.option(
    fc.oneof(
      host,
      host.map(h => `*.${h}`),
    ),
    { nil: undefined },
  );
  const match = fc
    .tuple(ruleHost, rulePath)
    .map(([h, p]): Match => (h === undefined ? p : { host: h, ...p }));
  const rules = fc.uniqueArray(match, { maxLength: 12, selector: ruleId });
  fc.assert(
    fc.property(rules, host, path, (table, h, p) => {
      assert.equal(winner(table, h, p), naive(table, h, p));
    }),
    { numRuns: 5_000 },
  );
});

it('a path of thousands of segments costs no more than what the rules could match', () => {
  const table = compileRoutes([
    rule({ kind: 'prefix', path: '/' }),
    rule({ kind: 'prefix', path: '/orders' }),
  ]);
  const attack = '/'.repeat(8_000);
  const begun = performance.now();
  // Each took 60 ms when every prefix of the path was looked up.
  for (let i = 0; i < 200; i++) assert.equal(matchRoute(table, 'x.test', attack + i)?.where.route, '/*');
  assert.ok(performance.now() - begun < 2_000, `${performance.now() - begun} ms for 200 look-ups`);
});
