import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Problem } from '../../src/core/model/quarantine.ts';
import type { Rule } from '../../src/core/model/rule.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { DocumentRule } from '../../src/core/rules/document-rule.ts';
import { createSnapshotBuilder } from '../../src/core/rules/snapshot.ts';
import { buildSnapshot, catalogOf, documentRule, instance, serviceOf } from './build.ts';

const V1 = instance({ service: 'orders', tags: ['path=/orders', 'version=v1', 'strip=true'] });
const V2 = instance({ service: 'orders', tags: ['version=v2'] });
const USERS = instance({ service: 'users', tags: ['path=/users'] });
const CATALOG = catalogOf(V1, V2, USERS);
const OPTIONS = { policy: 'passing-only', tagPrefix: '' } as const;

const build = (rules: readonly DocumentRule[], problems: readonly Problem[] = []): Snapshot =>
  buildSnapshot({ catalog: CATALOG, weights: new Map(), documents: { rules, problems }, ...OPTIONS });

const at = ({ rules }: Snapshot, id: string): Rule | undefined => rules.find(rule => rule.id === id);

/** `SERVICE SHARE: VERSION SHARE, …` of each backend. */
const backendsOf = (rule: Rule | undefined): string[] | undefined =>
  rule?.backends.map(({ service, share, isUnknown, arms }) => {
    const versions = arms.map(arm => `${arm.version} ${arm.share}`).join(', ');
    return `${service} ${share}: ${isUnknown === true ? 'unknown' : versions}`;
  });

describe('a rule of a document', () => {
  it('reaches every live instance, whatever paths its tags say, as the instance is', () => {
    const rule = at(build([documentRule('/shop', [{ service: 'orders', weight: 1 }])]), '/shop/*');
    assert.deepEqual(backendsOf(rule), ['orders 1: v1 0.5, v2 0.5']);
    assert.deepEqual(
      rule?.backends[0]?.arms.flatMap(({ targets }) => targets),
      [
        { instance: V1, version: 'v1' },
        { instance: V2, version: 'v2' },
      ],
    );
  });

  it('has its shares whether or not anybody serves them', () => {
    const rule = at(
      build([
        documentRule('/shop', [
          { service: 'orders', version: 'v2', weight: 1 },
          { service: 'orders', version: 'v9', weight: 2 },
          { service: 'nobody', weight: 1 },
          { service: 'users', weight: 0 },
        ]),
      ]),
      '/shop/*',
    );
    assert.deepEqual(backendsOf(rule), [
      'orders 0.25: v2 1',
      'orders 0.5: ',
      'nobody 0.25: unknown',
      'users 0: default 1',
    ]);
  });

  it('says whom its mirrors reach, its own and those of a backend', () => {
    const mirror = (service: string) => ({ type: 'mirror', service, share: 0.5 }) as const;
    const rule = at(
      build([
        {
          ...documentRule('/shop', [{ service: 'orders', weight: 1, filters: [mirror('nobody')] }]),
          filters: [mirror('users')],
        },
      ]),
      '/shop/*',
    );
    assert.deepEqual(
      rule?.mirrors?.map(({ service, share, arms }) => [service, share, arms.length]),
      [['users', 0.5, 1]],
    );
    assert.deepEqual(
      rule?.backends[0]?.mirrors?.map(({ service, isUnknown }) => [service, isUnknown]),
      [['nobody', true]],
    );
  });

  it('is the same object until one of its services changes, its mirrors included', () => {
    const next = createSnapshotBuilder(OPTIONS);
    const rules = [
      documentRule('/a', [{ service: 'users', weight: 1 }]),
      {
        ...documentRule('/b', [{ service: 'users', weight: 1 }]),
        filters: [{ type: 'mirror', service: 'orders', share: 1 } as const],
      },
    ];
    const input = { weights: new Map(), documents: { rules, problems: [] }, now: 0 };
    const before = next({ ...input, catalog: CATALOG });
    const changed = new Map(CATALOG).set('orders', [{ ...V1, health: 'critical' }, V2]);
    const after = next({ ...input, catalog: changed, previous: before });
    assert.equal(at(after, '/a/*'), at(before, '/a/*'));
    assert.notEqual(at(after, '/b/*'), at(before, '/b/*'));
  });
});

describe('a match that several claim', () => {
  const claim = (origin: Parameters<typeof documentRule>[2]) =>
    documentRule('/orders', [{ service: 'users', weight: 1 }], origin);

  it('is the document’s, also where its service is dead, and the tags are told', () => {
    const snapshot = build([documentRule('/orders', [{ service: 'nobody', weight: 1 }])]);
    assert.equal(serviceOf(at(snapshot, '/orders/*')), 'nobody');
    assert.deepEqual(snapshot.quarantine, [
      {
        kind: 'conflict',
        owner: 'orders',
        service: 'orders',
        subject: '/orders/*',
        reason: 'document default/shop, rule 1 holds this match; give one of the two another path or host',
        since: 0,
      },
    ]);
  });

  const table: [name: string, first: Parameters<typeof claim>[0], second: Parameters<typeof claim>[0]][] = [
    ['goes to the older document', { name: 'b', createdAt: 1 }, { name: 'a', createdAt: 2 }],
    ['goes to a document that tells its age', { name: 'b', createdAt: 1 }, { name: 'a' }],
    ['goes by name where they are equally old', { name: 'a', createdAt: 1 }, { name: 'b', createdAt: 1 }],
    ['goes to the first rule of one document', { index: 0 }, { index: 1 }],
  ];
  for (const [name, first, second] of table) {
    it(name, () => {
      const winner = claim(first);
      for (const rules of [
        [winner, claim(second)],
        [claim(second), winner],
      ]) {
        const snapshot = build(rules);
        assert.equal(at(snapshot, '/orders/*')?.origin, winner.origin);
        assert.deepEqual(
          snapshot.quarantine
            .filter(({ service }) => service === undefined)
            .map(({ kind, subject }) => [kind, subject]),
          [['conflict', '/orders/*']],
        );
      }
    });
  }
});

describe('what documents are not in force for', () => {
  const bad: Problem = {
    kind: 'document',
    owner: 'default/bad',
    subject: 'spec',
    reason: 'no rules',
    place: 'b.yaml:1',
  };

  it('is in quarantine, since it was first seen', () => {
    const next = createSnapshotBuilder(OPTIONS);
    const input = { catalog: CATALOG, weights: new Map() };
    const first = next({ ...input, documents: { rules: [], problems: [bad] }, now: 5 });
    assert.deepEqual(first.quarantine, [{ ...bad, since: 5 }]);
    const reworded = { ...bad, reason: 'still no rules' };
    const second = next({
      ...input,
      documents: { rules: [], problems: [reworded] },
      previous: first,
      now: 9,
    });
    assert.deepEqual(second.quarantine, [{ ...reworded, since: 5 }]);
    const mended = next({ ...input, previous: second, now: 10 });
    const again = next({ ...input, documents: { rules: [], problems: [bad] }, previous: mended, now: 11 });
    assert.deepEqual(again.quarantine, [{ ...bad, since: 11 }]);
  });
});
