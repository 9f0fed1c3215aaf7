import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Match, ValueMatch } from '../../../src/core/model/match.ts';
import { ruleId } from '../../../src/core/model/rule-id.ts';
import { match } from '../match/match-arbitraries.ts';

const acme: ValueMatch = { name: 'x-tenant', kind: 'exact', value: 'acme' };
const beta: ValueMatch = { name: 'beta', kind: 'exact', value: '1' };

describe('the id of a match', () => {
  const table: [id: string, match: Match][] = [
    ['/*', { kind: 'prefix', path: '/' }],
    ['/*', { kind: 'text', path: '/' }],
    ['/orders/*', { kind: 'prefix', path: '/orders' }],
    ['/orders', { kind: 'exact', path: '/orders' }],
    ['=/orders/*', { kind: 'exact', path: '/orders/*' }],
    ['^/orders', { kind: 'text', path: '/orders' }],
    ['~/orders/[0-9]+', { kind: 'regex', path: '/orders/[0-9]+' }],
    ['*.example.com/orders/*', { kind: 'prefix', path: '/orders', host: '*.example.com' }],
    [
      'GET shop.example.com/orders/* x-tenant=acme ?beta=1',
      {
        kind: 'prefix',
        path: '/orders',
        host: 'shop.example.com',
        method: 'GET',
        headers: [acme],
        query: [beta],
      },
    ],
    ['/a x', { kind: 'exact', path: '/a', headers: [{ name: 'x', kind: 'present', value: '' }] }],
    ['/a x~"a b"', { kind: 'exact', path: '/a', headers: [{ name: 'x', kind: 'regex', value: 'a b' }] }],
    [
      '/a :host~.*\\.test :scheme=https',
      { kind: 'exact', path: '/a', hostRegex: '.*\\.test', scheme: 'https' },
    ],
    ['/a :address=10.0.0.0/8,::1', { kind: 'exact', path: '/a', addresses: ['::1', '10.0.0.0/8'] }],
    [
      '/* !"GET /a" :priority=5',
      { kind: 'prefix', path: '/', unless: [{ kind: 'exact', path: '/a', method: 'GET' }], priority: 5 },
    ],
  ];
  for (const [id, of] of table) it(id, () => assert.equal(ruleId(of), id));

  it('is the same in whatever order conditions are given', () => {
    const of = (headers: ValueMatch[]) => ruleId({ kind: 'prefix', path: '/', headers });
    assert.equal(of([acme, beta]), of([beta, acme]));
  });

  it('is no other match’s', () => {
    const sorted = ({ headers = [], query = [], unless = [], also = [], ...rest }: Match): unknown => ({
      ...rest,
      kind: rest.kind === 'text' && rest.path === '/' ? 'prefix' : rest.kind,
      headers: headers.map(each => JSON.stringify(each)).sort(),
      query: query.map(each => JSON.stringify(each)).sort(),
      unless: unless.map(each => JSON.stringify(sorted(each))).sort(),
      also: also.map(each => JSON.stringify(sorted(each))).sort(),
    });
    const canonical = (of: Match): string => {
      const plain = sorted(of) as Record<string, unknown>;
      return JSON.stringify(Object.entries(plain).sort(([a], [b]) => (a < b ? -1 : 1)));
    };
    fc.assert(
      fc.property(match, match, (a, b) => {
        assert.equal(ruleId(a) === ruleId(b), canonical(a) === canonical(b), `${ruleId(a)} and ${ruleId(b)}`);
      }),
      { numRuns: 5_000 },
    );
  });
});
