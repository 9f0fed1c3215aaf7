import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describedRequest, explainAnswer } from '../../src/admin/explain.ts';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { explain } from '../../src/core/decide/explain.ts';
import { NO_PINS, type Picking } from '../../src/core/decide/picking.ts';
import { ERRORS } from '../../src/core/errors.ts';
import { compileRoutes } from '../../src/core/match/match.ts';
import type { Weights } from '../../src/core/model/split.ts';
import { buildSnapshot, catalogOf, documentRule, instance } from '../core/build.ts';

const orders = (version: string, more: Partial<Parameters<typeof instance>[0]> = {}) =>
  instance({ service: 'orders', tags: ['path=/orders', `version=${version}`], ...more });

const CATALOG = catalogOf(
  orders('v1'),
  orders('v2'),
  orders('v1', { health: 'critical' }),
  instance({ service: 'web', tags: ['path=/', 'host=shop.example.com'] }),
  instance({ service: 'home', tags: ['path=/'] }),
  instance({ service: 'shop', tags: ['path=/shop', 'sticky=cookie:sid', 'version=v1'] }),
  instance({ service: 'shop', tags: ['path=/shop', 'sticky=cookie:sid', 'version=v2'] }),
);

const DOCUMENTS = {
  rules: [
    documentRule('/both', [
      { service: 'orders', weight: 3 },
      { service: 'home', weight: 1 },
    ]),
    documentRule('/partly', [
      { service: 'orders', weight: 1 },
      { service: 'nobody', weight: 1 },
    ]),
  ],
  problems: [],
};

const PICKING: Picking = { ...NO_PINS, pinHeader: 'x-version', pinsByPath: true, newCookie: () => 'new' };

const explained = (
  query: string,
  weights: Weights = new Map([
    ['v1', 95],
    ['v2', 5],
  ]),
  roll = 0.5,
) => {
  const snapshot = buildSnapshot({
    catalog: CATALOG,
    weights: new Map([['orders', { weights, revision: 1 }]]),
    documents: DOCUMENTS,
    policy: 'passing-only',
    tagPrefix: '',
  });
  const facts = describedRequest(new URLSearchParams(query));
  const table = compileRoutes(snapshot.rules);
  const ejected = new Map(
    [...CATALOG.values()]
      .flat()
      .slice(0, 1)
      .map(({ id }) => [id, 60_000]),
  );
  return explainAnswer(
    facts,
    explain(table, facts, new Fleet(), 0, () => roll, PICKING),
    snapshot,
    ejected,
  );
};

describe('what is told of a request', () => {
  it('the candidates in order of precedence, and why all but one lose', () => {
    const { candidates } = explained('url=http://shop.example.com/orders/1');
    assert.deepEqual(
      candidates.map(({ route, wins, why }) => [route, wins, why]),
      [
        ['shop.example.com/*', true, undefined],
        ['/orders/*', false, 'shop.example.com/* goes first'],
        ['/*', false, 'shop.example.com/* goes first'],
      ],
    );
  });

  it('the version, how it was chosen and by which number', () => {
    assert.deepEqual(explained('url=/orders/1', undefined, 0.97).target, {
      service: 'orders',
      version: 'v2',
      reason: 'split',
      roll: 0.97,
      path: '/orders/1',
    });
  });

  it('which of the services of a rule, and by which number', () => {
    const { target } = explained('url=/both', undefined, 0.97);
    assert.deepEqual([target?.service, target?.reason, target?.serviceRoll], ['home', 'only', 0.97]);
    assert.equal(explained('url=/both', undefined, 0.7).target?.serviceRoll, 0.7);
    assert.equal(explained('url=/orders/1').target?.serviceRoll, undefined);
    // home has no such version, so there is nothing to draw.
    assert.equal(explained('url=/both&header=x-version: v2').target?.serviceRoll, undefined);
  });

  it('the service whose part is refused', () =>
    assert.deepEqual(explained('url=/partly', undefined, 0.6).refusal, {
      code: 'no_backend',
      ...ERRORS.no_backend,
      service: 'nobody',
    }));

  it('the cookie that a new caller is given, and none for one who has it', () => {
    const { target } = explained('url=/shop');
    assert.deepEqual([target?.reason, target?.setCookie?.split(';')[0]], ['sticky', 'sid=new']);
    assert.equal(explained('url=/shop&header=cookie: sid=old').target?.setCookie, undefined);
  });

  it('a pinned version, also one in the path', () => {
    assert.equal(explained('url=/orders/1&header=X-Version: v2').target?.reason, 'pin');
    const { request, target } = explained('url=/v2/orders/1');
    assert.deepEqual([request.path, target?.version, target?.path], ['/orders/1', 'v2', '/orders/1']);
  });

  it('who may serve it, and why others do not', () => {
    const { instances } = explained('url=/orders&header=x-version: v2');
    assert.deepEqual(
      instances.map(({ version, state, why }) => [version, state, why?.slice(0, 22)]),
      [
        ['v1', 'live', 'it failed too often: o'],
        ['v2', 'chosen', undefined],
        [undefined, 'out', 'its health is critical'],
      ],
    );
  });

  it('a refusal, and no rule', () => {
    const { refusal, candidates, rule } = explained('url=/orders&header=x-version: v9');
    assert.equal(refusal?.code, 'version_not_live');
    assert.equal(refusal?.status, 503);
    assert.equal(rule?.route, '/orders/*');
    assert.equal(candidates[0]?.wins, true);
  });
});

describe('a description that is none of a request', () => {
  for (const [query, message] of [
    ['url=ftp://x/', /is no URL and no path; write e\.g\./],
    ['url=/%zz', /the path of the URL is malformed/],
    ['url=/&header=x', /"x" is no header/],
    ['url=/&address=here', /"here" is no IP address/],
  ] as const) {
    it(query, () =>
      assert.throws(() => describedRequest(new URLSearchParams(query)), { message, status: 400 }),
    );
  }
});
