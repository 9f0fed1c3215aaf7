import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { severityOf } from '../../../src/core/rules/quarantine.ts';
import { buildSnapshot, catalogOf, documentRule, instance } from '../build.ts';

const warnings = (isAlone: boolean, ...shops: readonly (readonly string[])[]) =>
  buildSnapshot({
    catalog: catalogOf(...shops.map(tags => instance({ service: 'shop', tags }))),
    weights: new Map(),
    documents: {
      rules: [
        {
          ...documentRule('/doc', [{ service: 'shop', weight: 1 }]),
          filters: [{ type: 'rate-limit', requests: 5, window: 60_000, by: { of: 'address' } }],
        },
      ],
      problems: [],
    },
    policy: 'passing-only',
    tagPrefix: '',
    isAlone,
  }).quarantine;

describe('a rate limit of all gateways together', () => {
  it('is named once for each owner where there is no Redis, as a warning', () => {
    const found = warnings(
      true,
      ['path=/a', 'path=/b', 'rate-limit=100/s'],
      ['path=/a', 'path=/b', 'rate-limit=100/s'],
    );
    assert.deepEqual(
      found.map(({ kind, owner, subject }) => [kind, owner, subject]),
      [
        ['unshared', 'shop', 'rate-limit=100/s'],
        ['unshared', 'default/shop', 'rate-limit=5/m,by=address'],
      ],
    );
    assert.deepEqual(new Set(found.map(severityOf)), new Set(['warning']));
  });

  it('is not where there is one', () => assert.deepEqual(warnings(false, ['path=/a', 'rate-limit=1/s']), []));

  it('nor is one that says it is local', () => {
    const found = warnings(true, ['path=/a', 'rate-limit=1/s,scope=local']);
    assert.deepEqual(
      found.map(({ owner }) => owner),
      ['default/shop'],
    );
  });
});
