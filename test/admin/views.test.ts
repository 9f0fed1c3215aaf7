import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quarantine, routes } from '../../src/admin/views.ts';
import { buildSnapshot, catalogOf, documentRule, instance } from '../core/build.ts';

const V1 = instance({ service: 'orders', tags: ['path=/orders', 'version=v1'] });

const SNAPSHOT = buildSnapshot({
  catalog: catalogOf(V1),
  weights: new Map(),
  documents: {
    rules: [
      documentRule(
        '/shop',
        [
          { service: 'orders', version: 'v1', weight: 3 },
          { service: 'nobody', weight: 1 },
        ],
        { rule: 'checkout', createdAt: 60_000 },
      ),
      documentRule('/none', []),
    ],
    problems: [{ kind: 'document', owner: 'default/bad', subject: 'spec.rules', reason: 'it has none' }],
  },
  policy: 'passing-only',
  tagPrefix: '',
  now: 1_000,
});

const VERSIONS = [
  {
    version: 'v1',
    share: 1,
    instances: [{ id: V1.id, address: V1.address, port: V1.port }],
  },
];

describe('GET /api/routes', () => {
  const answer = (id: string) => routes(SNAPSHOT, new Map()).routes.find(({ route }) => route === id);

  it('a rule of tags has one backend', () =>
    assert.deepEqual(answer('/orders/*'), {
      route: '/orders/*',
      kind: 'prefix',
      path: '/orders',
      origin: { from: 'tags', service: 'orders' },
      backends: [{ service: 'orders', share: 1, source: 'instances', versions: VERSIONS }],
    }));

  it('a rule of a document says where it stands and what each backend gets', () =>
    assert.deepEqual(answer('/shop/*'), {
      route: '/shop/*',
      kind: 'prefix',
      path: '/shop',
      origin: {
        from: 'document',
        name: 'default/shop',
        index: 0,
        rule: 'checkout',
        place: 'shop.yaml:1',
        createdAt: '1970-01-01T00:01:00.000Z',
      },
      backends: [
        { service: 'orders', version: 'v1', share: 0.75, source: 'document', versions: VERSIONS },
        { service: 'nobody', share: 0.25, isUnknown: true, source: 'instances', versions: [] },
      ],
    }));

  it('a rule that nobody serves has no backends', () => {
    assert.deepEqual(answer('/none/*')?.backends, []);
  });
});

it('GET /api/quarantine says since when', () =>
  assert.deepEqual(quarantine(SNAPSHOT).quarantine, [
    {
      kind: 'document',
      owner: 'default/bad',
      subject: 'spec.rules',
      reason: 'it has none',
      severity: 'error',
      since: '1970-01-01T00:00:01.000Z',
    },
  ]));
