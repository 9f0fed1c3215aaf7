import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Instance } from '../../../src/core/model/instance.ts';
import type { Rule } from '../../../src/core/model/rule.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import { createSnapshotBuilder } from '../../../src/core/rules/snapshot.ts';
import { catalogOf, instance } from '../build.ts';

const M = 'traefik.http.middlewares';
const SHOP = instance({
  service: 'shop',
  tags: [
    'traefik.http.routers.shop.rule=PathPrefix(`/shop`)',
    'traefik.http.routers.shop.middlewares=own,common@consulcatalog',
    `${M}.own.addprefix.prefix=/own`,
  ],
});
const other = (service: string, tags: readonly string[], of: Partial<Instance> = {}): Instance =>
  instance({ service, tags, ...of });
const header = (value: string, name = 'common'): string =>
  `${M}.${name}.headers.customrequestheaders.X-Common=${value}`;

const builder = () => {
  const build = createSnapshotBuilder({ policy: 'passing-only', tagPrefix: '', dialects: ['traefik'] });
  // The lists of services that did not change are the same objects, as the catalog has them.
  const lists = new Map<Instance, readonly Instance[]>();
  const listOf = (one: Instance): readonly Instance[] => {
    const list = lists.get(one) ?? [one];
    lists.set(one, list);
    return list;
  };
  return (...instances: readonly Instance[]): Snapshot =>
    build({
      catalog:
        new Set(instances.map(({ service }) => service)).size === instances.length
          ? new Map(instances.map(one => [one.service, listOf(one)]))
          : catalogOf(...instances),
      weights: new Map(),
      now: 0,
    });
};

const shopOf = ({ rules }: Snapshot): Rule | undefined =>
  rules.find(({ origin }) => origin.from === 'tags' && origin.service === 'shop');

/** The value of the header that is set, or why the router is shut. */
const told = (snapshot: Snapshot): string => {
  const shop = shopOf(snapshot);
  for (const filter of shop?.filters ?? []) {
    if (filter.type === 'request-headers') {
      assert.equal(shop?.backends[0]?.arms.length, 1);
      return filter.change.set[0]?.[1] ?? '';
    }
  }
  assert.deepEqual(shop?.backends[0]?.arms, [], 'it is shut');
  return snapshot.quarantine.find(({ owner }) => owner === 'shop')?.reason ?? '';
};

describe('a middleware that another service defines', () => {
  const table: [name: string, others: Instance[], outcome: string | RegExp][] = [
    ['is found, whoever defines it', [other('commons', [header('a')])], 'a'],
    [
      'is found at an instance that is not well',
      [other('commons', [header('a')], { health: 'critical' })],
      'a',
    ],
    ['shuts the router where nobody does', [other('commons', [])], /^nobody's tags define .*common/],
    [
      'is not found where traefik.enable=false',
      [other('commons', ['traefik.enable=false', header('a')])],
      /nobody/,
    ],
    ['may be defined twice in the same words', [other('x', [header('a')]), other('y', [header('a')])], 'a'],
    [
      'shuts the router where two services define it differently',
      [other('x', [header('a')]), other('y', [header('b')]), other('z', [header('a')])],
      /^services define the middleware common differently/,
    ],
    [
      'is that of the newest instance of its service',
      [
        other('x', [header('old')], { modifyIndex: 5 }),
        other('x', [header('new')], { modifyIndex: 7 }),
        other('x', [header('older')], { modifyIndex: 3 }),
      ],
      'new',
    ],
    [
      'may be a chain, of what its own service and others define',
      [
        other('x', [`${M}.common.chain.middlewares=inner`, `${M}.inner.chain.middlewares=innermost`]),
        other('y', [header('deep', 'innermost')]),
      ],
      'deep',
    ],
    ['that names itself ends', [other('x', [`${M}.common.chain.middlewares=common`])], /chained too deeply/],
    [
      'never means by a name what the instance means by it, and its own service does not',
      [other('x', [`${M}.common.chain.middlewares=own`, header('theirs', 'own')])],
      /^services define the middleware own differently/,
    ],
    [
      'brings its faults along',
      [other('x', [`${M}.common.basicauth.users=a:b`])],
      /basicauth.*not supported/,
    ],
  ];
  for (const [name, others, outcome] of table) {
    it(name, () => {
      const reason = told(builder()(SHOP, ...others));
      if (typeof outcome === 'string') assert.equal(reason, outcome);
      else assert.match(reason, outcome);
    });
  }

  it('stands behind one of the own instance', () => {
    const own = { ...SHOP, tags: [...SHOP.tags, header('own')] };
    assert.equal(told(builder()(own, other('x', [header('other')]))), 'own');
  });

  it('is followed, and who names none of what changed stays as it was', () => {
    const build = builder();
    const bystander = other('bystander', ['traefik.http.routers.b.rule=PathPrefix(`/b`)']);
    const rulesOf = ({ rules }: Snapshot) =>
      rules.filter(({ origin }) => origin.from === 'tags' && origin.service === 'bystander');
    const first = build(SHOP, bystander);
    assert.match(told(first), /nobody/);
    const commons = other('commons', [header('a')]);
    const second = build(SHOP, bystander, commons);
    assert.equal(told(second), 'a');
    assert.equal(rulesOf(second)[0], rulesOf(first)[0]);
    const third = build(SHOP, bystander, { ...commons, modifyIndex: 99 });
    assert.equal(shopOf(third), shopOf(second), 'it was registered anew, and says the same');
    const fourth = build(SHOP, bystander, { ...commons, tags: [header('b')] });
    assert.equal(told(fourth), 'b');
    assert.match(told(build(SHOP, bystander)), /nobody/);
  });
});
