import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Filter } from '../../src/core/model/filter.ts';
import { conformance, type RuleUnderTest, startGateway } from './harness.ts';

const V1 = 'infra-backend-v1';
const V2 = 'infra-backend-v2';

/** Filters of the one backend. */
const rule = (path: string, ...filters: readonly Filter[]): RuleUnderTest => ({
  match: { path },
  to: [{ service: V1, weight: 1, filters }],
});

describe('HTTPRouteBackendRequestRedirect', () => {
  const entrance = { scheme: 'http', port: 80 } as const;
  conformance(
    [
      rule('/full', { type: 'redirect', status: 302, path: { kind: 'full', value: '/redirected-full' } }),
      rule('/prefix', {
        type: 'redirect',
        status: 302,
        path: { kind: 'prefix', value: '/redirected-prefix' },
      }),
    ],
    [
      {
        asked: { path: '/full/original', entrance },
        expected: { status: 302, location: { path: '/redirected-full' } },
      },
      {
        asked: { path: '/prefix/original', entrance },
        expected: { status: 302, location: { path: '/redirected-prefix/original' } },
      },
    ],
  );
});

describe('HTTPRouteBackendURLRewrite', () => {
  conformance(
    [
      rule('/full', { type: 'rewrite', path: { kind: 'full', value: '/rewritten-full' } }),
      rule('/prefix', { type: 'rewrite', path: { kind: 'prefix', value: '/rewritten-prefix' } }),
    ],
    [
      { asked: { path: '/full/original' }, expected: { backend: V1, upstream: { path: '/rewritten-full' } } },
      {
        asked: { path: '/prefix/original' },
        expected: { backend: V1, upstream: { path: '/rewritten-prefix/original' } },
      },
    ],
  );
});

const setting = (name: string, value: string): Filter => ({
  type: 'request-headers',
  change: { set: [[name, value]], add: [], remove: [] },
});

it('HTTPRouteRequestHeaderModifierBackendWeights', async t => {
  const to = [V1, V2].map(service => ({ service, weight: 10, filters: [setting('Backend', service)] }));
  const gateway = await startGateway(t, [{ to }]);
  const seen = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const { service, headers } = JSON.parse((await gateway.ask({ path: '/' })).body);
    assert.equal(headers.backend, service);
    seen.add(service);
  }
  assert.deepEqual([...seen].sort(), [V1, V2]);
});

describe('filters of the rule come before those of the backend', () => {
  conformance(
    [
      {
        filters: [setting('By', 'rule'), setting('Of-Rule', 'yes')],
        to: [{ service: V1, weight: 1, filters: [setting('By', 'backend')] }],
      },
    ],
    [
      {
        asked: { path: '/', headers: { By: 'client' } },
        expected: { backend: V1, upstream: { headers: { By: 'backend', 'Of-Rule': 'yes' } } },
      },
    ],
  );
});
