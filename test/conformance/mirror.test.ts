import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Filter } from '../../src/core/model/filter.ts';
import { eventually } from '../support/wait.ts';
import type { Received } from './echo.ts';
import { type Asked, check, type GatewayUnderTest, type RuleUnderTest, startGateway } from './harness.ts';

const V1 = 'infra-backend-v1';
const V2 = 'infra-backend-v2';
const V3 = 'infra-backend-v3';

const mirror = (service: string, share = 1): Filter => ({ type: 'mirror', service, share });

const HEADERS: Filter = {
  type: 'request-headers',
  change: {
    set: [['X-Header-Set', 'set-overwrites-values']],
    add: [
      ['X-Header-Add', 'header-val-1'],
      ['X-Header-Add-Append', 'header-val-2'],
    ],
    remove: ['x-header-remove'],
  },
};
const asIs = { 'X-Header-Remove': 'remove-val', 'X-Header-Add-Append': 'append-val-1' };
const changed = {
  headers: {
    'X-Header-Add': 'header-val-1',
    'X-Header-Add-Append': 'append-val-1,header-val-2',
    'X-Header-Set': 'set-overwrites-values',
  },
  lacks: ['X-Header-Remove'],
};

const rule = (path: string, ...filters: readonly Filter[]): RuleUnderTest => ({
  match: { path },
  filters,
  to: V1,
});

/** The only request that a mirror has received. */
const copyAt = async ({ backends }: GatewayUnderTest, service: string): Promise<Received> => {
  const received = backends.get(service)?.received ?? [];
  const copy = await eventually(() => received[0], { within: 2_000, hint: `a copy at ${service}` });
  assert.equal(received.length, 1);
  return copy;
};

/** Each of them answers, and copies what it was asked to whom it names. */
const copies = (rules: readonly RuleUnderTest[]): void => {
  for (const { match, filters = [] } of rules) {
    it(match?.path ?? '', async t => {
      for (const express of [true, false]) {
        const gateway = await startGateway(t, rules, { services: [V2, V3], express });
        const isChanged = filters.includes(HEADERS);
        const asked: Asked = { path: match?.path ?? '', headers: isChanged ? asIs : {} };
        check(asked, await gateway.ask(asked), { backend: V1, ...(isChanged ? { upstream: changed } : {}) });
        for (const filter of filters) {
          if (filter.type === 'mirror') {
            assert.equal((await copyAt(gateway, filter.service)).path, asked.path);
          }
        }
      }
    });
  }
};

describe('HTTPRouteRequestMirror', () => {
  copies([rule('/mirror', mirror(V2)), rule('/mirror-and-modify-headers', HEADERS, mirror(V2))]);
});

describe('HTTPRouteRequestMultipleMirrors', () => {
  copies([
    rule('/multi-mirror', mirror(V2), mirror(V3)),
    rule('/multi-mirror-and-modify-request-headers', HEADERS, mirror(V2), mirror(V3)),
  ]);
});

it('HTTPRouteRequestPercentageMirror', async t => {
  const total = 500;
  const share = 0.2;
  const gateway = await startGateway(t, [rule('/percent-mirror', mirror(V2, share))], { services: [V2] });
  let left = total;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await gateway.ask({ path: '/percent-mirror' });
    }
  };
  await Promise.all(Array.from({ length: 10 }, work));
  // Chances are one in 10^8 that it is further off.
  const spread = 6 * Math.sqrt(total * share * (1 - share));
  await eventually(
    () => {
      const copies = gateway.backends.get(V2)?.received.length ?? 0;
      return Math.abs(copies - total * share) <= spread;
    },
    { within: 2_000, hint: 'about a fifth of the requests' },
  );
});

describe('what a copy is', () => {
  it('what the filters before it have made of the request', async t => {
    const rules = [
      rule(
        '/late',
        { type: 'rewrite', hostname: 'new.example', path: { kind: 'prefix', value: '/new' } },
        HEADERS,
        mirror(V2),
      ),
      rule('/early', mirror(V3), { type: 'rewrite', hostname: 'new.example' }, HEADERS),
    ];
    const gateway = await startGateway(t, rules, { services: [V2, V3] });
    await gateway.ask({ host: 'old.example', path: '/late/x?q=1', headers: asIs });
    await gateway.ask({ host: 'old.example', path: '/early/x', headers: asIs });
    const late = await copyAt(gateway, V2);
    assert.equal(late.path, '/new/x?q=1');
    assert.equal(late.headers.host, 'new.example');
    assert.equal(late.headers['x-header-set'], 'set-overwrites-values');
    const early = await copyAt(gateway, V3);
    assert.equal(early.path, '/early/x');
    assert.equal(early.headers.host, 'old.example');
    assert.equal(early.headers['x-header-remove'], 'remove-val');
    assert.match(early.headers.via ?? '', /sluice-under-test/);
  });

  for (const [name, headers] of [
    ['a body of known length', {}],
    ['a body that came in chunks', { 'Transfer-Encoding': 'chunked' }],
  ] as const) {
    it(`has the body: ${name}`, async t => {
      const gateway = await startGateway(t, [rule('/', mirror(V2))], { services: [V2] });
      const asked: Asked = { method: 'POST', path: '/x', headers, body: 'the body' };
      check(asked, await gateway.ask(asked), { backend: V1 });
      const copy = await copyAt(gateway, V2);
      assert.equal(copy.method, 'POST');
      assert.equal(copy.body, 'the body');
      assert.equal(copy.headers['content-length'], '8');
    });
  }

  it('one, however often the request itself is tried', async t => {
    const rules = [{ ...rule('/retry/x', mirror(V2)), retries: 2, retry: { codes: [503], backoff: 1 } }];
    const gateway = await startGateway(t, rules, { services: [V2] });
    const asked: Asked = { path: '/retry/x?responseCode=503&succeedAfter=2' };
    check(asked, await gateway.ask(asked), { backend: V1 });
    assert.equal(gateway.backends.get(V1)?.received.length, 3);
    await copyAt(gateway, V2);
  });
});
