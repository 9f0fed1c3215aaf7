import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Catalog, Health, Instance } from '../../../src/core/model/instance.ts';
import type { Rule } from '../../../src/core/model/rule.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import type { AllWeights, ServiceWeights } from '../../../src/core/model/split.ts';
import { createSnapshotBuilder } from '../../../src/core/rules/snapshot.ts';
import { armsOf, buildSnapshot, catalogOf, instance, serviceOf } from '../build.ts';

const NO_WEIGHTS: AllWeights = new Map();

const build = (catalog: Catalog, weights = NO_WEIGHTS, previous?: Snapshot): Snapshot =>
  buildSnapshot({
    catalog,
    weights,
    policy: 'passing-only',
    tagPrefix: '',
    ...(previous === undefined ? {} : { previous }),
  });

const shares = (rule: Rule | undefined): Record<string, number> =>
  Object.fromEntries(armsOf(rule)?.map(arm => [arm.version, arm.share]) ?? []);

const byId = (snapshot: Snapshot): Record<string, Rule> =>
  Object.fromEntries(snapshot.rules.map(rule => [rule.id, rule]));

describe('rules from instances', () => {
  it('only instances that carry a tag serve its rule', () => {
    const rules = byId(
      build(
        catalogOf(
          instance({ service: 'orders', tags: ['path=/orders', 'version=v1'] }),
          instance({ service: 'orders', tags: ['path=/orders', 'path=/beta', 'version=v2'] }),
        ),
      ),
    );
    assert.deepEqual(shares(rules['/orders/*']), { v1: 0.5, v2: 0.5 });
    assert.deepEqual(shares(rules['/beta/*']), { v2: 1 });
  });

  it('the operator’s 0 holds on every rule of the service', () => {
    const snapshot = build(
      catalogOf(instance({ service: 'orders', tags: ['path=/beta', 'version=v2'] })),
      new Map([
        [
          'orders',
          {
            weights: new Map([
              ['v1', 1],
              ['v2', 0],
            ]),
            revision: 1,
          },
        ],
      ]),
    );
    assert.deepEqual(shares(byId(snapshot)['/beta/*']), { v2: 0 });
  });

  it('a service whose instances are all down keeps its rule, without targets', () => {
    const snapshot = build(
      catalogOf(instance({ service: 'orders', tags: ['path=/orders'], health: 'critical' })),
    );
    assert.deepEqual(armsOf(byId(snapshot)['/orders/*']), []);
  });

  it('warning and maintenance are not live unless warning is allowed', () => {
    const catalog = catalogOf(
      instance({ service: 'o', tags: ['path=/o', 'version=w'], health: 'warning' }),
      instance({ service: 'o', tags: ['path=/o', 'version=m'], health: 'maintenance' }),
    );
    assert.deepEqual(shares(byId(build(catalog))['/o/*']), {});
    const lenient = buildSnapshot({ catalog, weights: NO_WEIGHTS, policy: 'allow-warning', tagPrefix: '' });
    assert.deepEqual(shares(byId(lenient)['/o/*']), { w: 1 });
  });

  it('strip follows the instance that was picked', () => {
    const snapshot = build(
      catalogOf(
        instance({ service: 'o', tags: ['path=/api/o', 'strip=true', 'version=a'] }),
        instance({ service: 'o', tags: ['path=/api/o', 'strip=/api', 'version=b'] }),
        instance({ service: 'o', tags: ['path=/api/o', 'version=c'] }),
      ),
    );
    const targets = armsOf(byId(snapshot)['/api/o/*'])?.flatMap(arm => arm.targets);
    assert.deepEqual(
      targets?.map(t => [t.version, t.path?.strip?.[0]]),
      [
        ['a', '/api/o'],
        ['b', '/api'],
        ['c', undefined],
      ],
    );
  });

  it('the newest instance of a version decides its weight tag', () => {
    const snapshot = build(
      catalogOf(
        instance({ service: 'o', tags: ['path=/o', 'version=v1', 'weight=9'], modifyIndex: 10 }),
        instance({ service: 'o', tags: ['path=/o', 'version=v1', 'weight=1'], modifyIndex: 20 }),
        instance({ service: 'o', tags: ['path=/o', 'version=v2', 'weight=3'] }),
      ),
    );
    assert.deepEqual(shares(byId(snapshot)['/o/*']), { v1: 0.25, v2: 0.75 });
  });

  it('the newest instance that names it decides each setting of its traffic', () => {
    const snapshot = build(
      catalogOf(
        instance({ service: 'o', tags: ['path=/o', 'hash=path'], modifyIndex: 20 }),
        instance({ service: 'o', tags: ['path=/o', 'balance=round-robin', 'retries=5'], modifyIndex: 10 }),
        instance({ service: 'o', tags: ['path=/o'], modifyIndex: 30 }),
      ),
    );
    const { balance, hash, retries } = byId(snapshot)['/o/*'] ?? {};
    assert.deepEqual({ balance, hash, retries }, { balance: 'hash', hash: { of: 'path' }, retries: 5 });
  });
});

describe('quarantine', () => {
  it('a bad tag costs its rule only', () => {
    const snapshot = build(
      catalogOf(
        instance({ service: 'bad', tags: ['path=oops', 'path=/good'] }),
        instance({ service: 'fine', tags: ['path=/fine'] }),
      ),
    );
    assert.deepEqual(
      snapshot.rules.map(rule => rule.id),
      ['/good/*', '/fine/*'],
    );
    assert.deepEqual(
      snapshot.quarantine.map(q => [q.service, q.subject]),
      [['bad', 'path=oops']],
    );
  });

  it('an instance with a fatal tag is not served, its brothers are', () => {
    const snapshot = build(
      catalogOf(
        instance({ service: 'o', tags: ['path=/o', 'version=v1'] }),
        instance({ service: 'o', tags: ['path=/o', 'version=not a version'] }),
      ),
    );
    assert.deepEqual(shares(byId(snapshot)['/o/*']), { v1: 1 });
  });

  it('at a cold start the lowest CreateIndex holds a contested match, then the name', () => {
    const older = instance({ service: 'zeta', tags: ['path=/x'], createIndex: 5 });
    const newer = instance({ service: 'alpha', tags: ['path=/x'], createIndex: 9 });
    assert.equal(serviceOf(byId(build(catalogOf(newer, older)))['/x/*']), 'zeta');
    const twin = instance({ service: 'alpha', tags: ['path=/x'], createIndex: 5 });
    const snapshot = build(catalogOf(older, twin));
    assert.equal(serviceOf(byId(snapshot)['/x/*']), 'alpha');
    assert.deepEqual(
      snapshot.quarantine.map(q => [q.service, q.subject]),
      [['zeta', '/x/*']],
    );
  });

  it('the incumbent keeps the match while it has a live instance, and no longer', () => {
    const incumbent = instance({ service: 'old', tags: ['path=/x'], createIndex: 9 });
    const rival = instance({ service: 'new', tags: ['path=/x'], createIndex: 5 });
    const first = build(catalogOf(incumbent));
    const second = build(catalogOf(incumbent, rival), NO_WEIGHTS, first);
    assert.equal(serviceOf(byId(second)['/x/*']), 'old');
    const third = build(catalogOf({ ...incumbent, health: 'critical' }, rival), NO_WEIGHTS, second);
    assert.equal(serviceOf(byId(third)['/x/*']), 'new');
    const fourth = build(catalogOf(incumbent, rival), NO_WEIGHTS, third);
    assert.equal(serviceOf(byId(fourth)['/x/*']), 'new');
  });
});

describe('one snapshot after another', () => {
  const RULES = { policy: 'passing-only', tagPrefix: '' } as const;

  it('what did not change is the same object, and is not read again', () => {
    const next = createSnapshotBuilder(RULES);
    const users = instance({ service: 'users', tags: ['path=/users'] });
    const orders = instance({ service: 'orders', tags: ['path=/orders'] });
    const catalog = catalogOf(users, orders);
    const previous = next({ catalog, weights: NO_WEIGHTS, now: 0 });
    const changed = new Map(catalog).set('orders', [{ ...orders, health: 'critical' as const }]);
    const snapshot = next({ catalog: changed, weights: NO_WEIGHTS, previous, now: 0 });
    assert.equal(byId(snapshot)['/users/*'], byId(previous)['/users/*']);
    assert.equal(snapshot.services.get('users'), previous.services.get('users'));
    assert.notEqual(byId(snapshot)['/orders/*'], byId(previous)['/orders/*']);
  });

  it('a rule that services share is the same object until one of them changes', () => {
    const next = createSnapshotBuilder({ ...RULES, dialects: ['fabio'] });
    const one = instance({ service: 'one', tags: ['urlprefix-/x'] });
    const two = instance({ service: 'two', tags: ['urlprefix-/x'] });
    const other = instance({ service: 'other', tags: ['urlprefix-/other'] });
    const input = { weights: NO_WEIGHTS, now: 0 };
    const catalog = catalogOf(one, two, other);
    const first = next({ ...input, catalog });
    assert.deepEqual(
      first.rules[0]?.backends.map(({ service }) => service),
      ['one', 'two'],
    );
    const without = (one: Instance): Catalog =>
      new Map(catalog).set(one.service, [{ ...one, health: 'critical' }]);
    const second = next({ ...input, catalog: without(other), previous: first });
    assert.equal(second.rules[0], first.rules[0]);
    const third = next({ ...input, catalog: without(two), previous: second });
    assert.notEqual(third.rules[0], first.rules[0]);
  });

  it('whatever changes, it is as if all had been read from scratch', () => {
    const next = createSnapshotBuilder(RULES);
    const names = ['a', 'b', 'c'] as const;
    const health: readonly Health[] = ['passing', 'critical'];
    const tags = [['path=/x'], ['path=/x', 'version=v2', 'weight=0'], ['path=/y', 'nonsense=1', 'proto=h2c']];
    const stored: readonly (ServiceWeights | undefined)[] = [
      undefined,
      { revision: 1, weights: new Map([['v2', 1]]) },
    ];
    let catalog: Catalog = new Map();
    let weights = NO_WEIGHTS;
    let previous: Snapshot | undefined;
    for (let step = 0; step < 200; step++) {
      const name = names[step % 3] as string;
      const one = (n: number): Instance =>
        instance({
          service: name,
          serviceId: `${name}${n}`,
          port: 80,
          tags: tags[(step + n) % 3] as string[],
          health: health[(step >> n) % 2] as Health,
          createIndex: n,
        });
      const dial = stored[(step >> 2) % 2];
      if (step % 5 === 4)
        weights = new Map([...weights, ...(dial === undefined ? [] : [[name, dial] as const])]);
      else if (step % 7 === 6) catalog = new Map([...catalog].filter(([known]) => known !== name));
      else catalog = new Map(catalog).set(name, [one(1), one(2)]);
      const input = { catalog, weights, now: step, ...(previous === undefined ? {} : { previous }) };
      const snapshot = next(input);
      assert.deepEqual(snapshot, createSnapshotBuilder(RULES)(input));
      previous = snapshot;
    }
  });
});
