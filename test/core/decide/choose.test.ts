import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fleet } from '../../../src/core/balance/fleet.ts';
import { decide, isDecision, isOwnAnswer, isRefusal } from '../../../src/core/decide/decide.ts';
import { NO_PINS, type Picking } from '../../../src/core/decide/picking.ts';
import { compileRoutes } from '../../../src/core/match/match.ts';
import type { Filter } from '../../../src/core/model/filter.ts';
import { factsOf } from '../../support/facts.ts';
import { buildSnapshot, catalogOf, documentRule, instance } from '../build.ts';

const BOTH: Picking = { ...NO_PINS, pinHeader: 'x-version', pinsByPath: true };

const CATALOG = catalogOf(
  instance({ service: 'orders', tags: ['path=/orders', 'version=v1', 'weight=1'] }),
  instance({ service: 'orders', tags: ['path=/orders', 'version=v2', 'weight=0'] }),
  instance({ service: 'orders', tags: ['path=/orders', 'version=v3'], health: 'critical' }),
  instance({ service: 'users', tags: ['path=/users'] }),
  instance({ service: 'claimed', tags: ['path=/v2/users', 'version=v2'] }),
  instance({ service: 'claimed', tags: ['path=/claimed', 'version=v2'] }),
  instance({ service: 'web', tags: ['host=www.test', 'version=v1'] }),
  instance({ service: 'web', tags: ['host=www.test', 'version=v2', 'weight=0'] }),
);

const tableOf = (...rules: ReturnType<typeof documentRule>[]) =>
  compileRoutes(
    buildSnapshot({
      catalog: CATALOG,
      weights: new Map(),
      documents: { rules, problems: [] },
      policy: 'passing-only',
      tagPrefix: '',
    }).rules,
  );

const TABLE = tableOf(
  documentRule('/split', [
    { service: 'orders', version: 'v1', weight: 90 },
    { service: 'orders', version: 'v2', weight: 10 },
  ]),
  documentRule('/partly', [
    { service: 'orders', weight: 1 },
    { service: 'nobody', weight: 1 },
  ]),
  documentRule('/dead', [{ service: 'orders', version: 'v3', weight: 1 }]),
  documentRule('/none', []),
  documentRule('/zero', [{ service: 'orders', weight: 0 }]),
);

/** `SERVICE VERSION REASON PATH`, or the code of a refusal. */
const told = (
  path: string,
  {
    pin,
    picking = BOTH,
    roll = 0,
    host = 'x.test',
  }: { pin?: string; picking?: Picking; roll?: number; host?: string } = {},
): string => {
  const facts = factsOf({ host, path, headers: pin === undefined ? {} : { 'x-version': pin } });
  const outcome = decide(TABLE, facts, new Fleet(), 0, () => roll, picking);
  if (isRefusal(outcome)) return outcome.code;
  assert.ok(isDecision(outcome));
  const { where, choice, path: sent } = outcome;
  return `${where.service} ${where.version} ${choice?.reason ?? 'alone'} ${sent}`;
};

describe('a version that a header pins', () => {
  const table: [name: string, path: string, pin: string, outcome: string][] = [
    ['is served', '/orders', 'v1', 'orders v1 pin /orders'],
    ['is served although its share is 0', '/orders', 'v2', 'orders v2 pin /orders'],
    ['is refused where it has no live instance', '/orders', 'v3', 'version_not_live'],
    ['is refused where nobody knows it', '/orders', 'v9', 'version_not_live'],
    ['is refused where the service has only another', '/users', 'v2', 'version_not_live'],
    ['is none where the header is empty', '/users', '', 'users default alone /users'],
    ['is served without the spaces around it', '/orders', ' v2 ', 'orders v2 pin /orders'],
    ['matters nothing where no rule fits', '/nobody', 'v2', 'no_route'],
    ['leaves out services that have it not', '/partly', 'v1', 'orders v1 pin /partly'],
    ['is that of a backend narrowed to it', '/split', 'v2', 'orders v2 pin /split'],
    ['changes nothing where nobody is to serve', '/none', 'v1', 'no_backend'],
    ['is not served by a backend without weight', '/zero', 'v1', 'no_backend'],
  ];
  for (const [name, path, pin, outcome] of table) {
    it(name, () => assert.equal(told(path, { pin }), outcome));
  }
  it('is not heeded with --pin off', () =>
    assert.equal(told('/orders', { pin: 'v2', picking: NO_PINS }), 'orders v1 split /orders'));
});

describe('a version that stands in front of the path', () => {
  const table: [name: string, path: string, outcome: string][] = [
    ['is taken off', '/v2/orders/7', 'orders v2 pin /orders/7'],
    ['is no version where no instance has it live', '/v3/orders', 'no_route'],
    ['is no version where the service has it not', '/v1/users', 'no_route'],
    ['belongs to the path where a rule claims that', '/v2/users/7', 'claimed v2 alone /v2/users/7'],
    ['is read once', '/v2/v2/orders', 'no_route'],
    ['is no version without anything behind', '/v2', 'no_route'],
  ];
  for (const [name, path, outcome] of table) {
    it(name, () => assert.equal(told(path), outcome));
  }
  it('counts against a rule for every path', () => {
    assert.equal(told('/v2/a', { host: 'www.test' }), 'web v2 pin /a');
    assert.equal(told('/v2', { host: 'www.test' }), 'web v2 pin /');
    assert.equal(told('/v9/a', { host: 'www.test' }), 'web v1 split /v9/a');
  });
  it('outweighs the header', () => assert.equal(told('/v2/orders', { pin: 'v1' }), 'orders v2 pin /orders'));
  it('stays in front of where a backend of its version redirects to', () => {
    const redirect: Filter = {
      type: 'redirect',
      status: 302,
      path: { kind: 'prefix', value: '/new' },
    };
    const table = tableOf(documentRule('/old', [{ service: 'orders', weight: 1, filters: [redirect] }]));
    const outcome = decide(table, factsOf({ path: '/v2/old/1' }), new Fleet(), 0, () => 0, BOTH);
    assert.ok(isOwnAnswer(outcome));
    assert.deepEqual(outcome.answer.fields, ['Location', 'http://x.test/v2/new/1']);
  });
  it('is a path like any other with --pin header', () =>
    assert.equal(told('/v2/orders', { picking: { ...NO_PINS, pinHeader: 'x-version' } }), 'no_route'));
});

describe('backends', () => {
  const table: [name: string, path: string, roll: number, outcome: string][] = [
    ['share by their weights, whatever those of the versions are', '/split', 0.89, 'orders v1 only /split'],
    ['and so for the rest', '/split', 0.91, 'orders v2 only /split'],
    ['keep their part where they are known', '/partly', 0.49, 'orders v1 split /partly'],
    ['keep their part where nobody knows them', '/partly', 0.51, 'no_backend'],
    ['without a live instance', '/dead', 0, 'no_instance'],
    ['none', '/none', 0, 'no_backend'],
    ['without any weight', '/zero', 0, 'no_backend'],
  ];
  for (const [name, path, roll, outcome] of table) {
    it(name, () => assert.equal(told(path, { roll }), outcome));
  }
});

describe('sticky callers', () => {
  const CATALOG_STICKY = catalogOf(
    ...['v1', 'v2'].map(version =>
      instance({
        service: 's',
        tags: ['path=/s', `version=${version}`, 'sticky=cookie:id', 'hash=cookie:id'],
      }),
    ),
    ...['v1', 'v2'].map(version =>
      instance({ service: 's', tags: ['path=/s', `version=${version}`], createIndex: 1, modifyIndex: 1 }),
    ),
  );
  const table = compileRoutes(
    buildSnapshot({ catalog: CATALOG_STICKY, weights: new Map(), policy: 'passing-only', tagPrefix: '' })
      .rules,
  );
  let id = 0;
  const picking: Picking = { ...BOTH, newCookie: () => `new-${id++}` };
  const ask = (cookie: string | undefined, with_ = picking, pin?: string) => {
    const headers = {
      ...(cookie === undefined ? {} : { cookie }),
      ...(pin === undefined ? {} : { 'x-version': pin }),
    };
    const facts = factsOf({ path: '/s', headers });
    const outcome = decide(table, facts, new Fleet(), 0, () => 0.5, with_);
    assert.ok(isDecision(outcome));
    return outcome;
  };

  it('get a cookie where they have none, and go where it sends them from then on', () => {
    const versions = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const first = ask(undefined);
      const [cookie = ''] = first.setCookie?.split(';') ?? [];
      assert.match(cookie, /^id=new-\d+$/);
      const second = ask(`other=1; ${cookie}`);
      assert.equal(second.where.version, first.where.version);
      assert.equal(second.target.instance.id, first.target.instance.id);
      assert.equal(second.choice?.reason, 'sticky');
      assert.equal(second.setCookie, undefined);
      versions.add(first.where.version);
    }
    assert.equal(versions.size, 2);
  });

  it('fall where chance has it where they are known by nothing and nobody gives cookies', () => {
    assert.equal(ask(undefined, BOTH).choice?.reason, 'split');
  });

  it('go to the version that they pin, and get no cookie for it', () => {
    const { where, choice, setCookie } = ask(undefined, picking, 'v2');
    assert.deepEqual([where.version, choice?.reason, setCookie], ['v2', 'pin', undefined]);
  });
});

describe('sticky callers of a match that services share', () => {
  const tags = (version: string) => ['urlprefix-/shared', `version=${version}`, 'sticky=header:x-user'];
  const table = compileRoutes(
    buildSnapshot({
      catalog: catalogOf(
        ...['one', 'two', 'three'].flatMap(service =>
          ['v1', 'v2'].map(version => instance({ service, tags: tags(version) })),
        ),
      ),
      weights: new Map(),
      policy: 'passing-only',
      tagPrefix: '',
      dialects: ['sluice', 'fabio'],
    }).rules,
  );
  /** @returns the service and version of a caller, by whatever is drawn */
  const placesOf = (headers: Record<string, string>): string[] => {
    const asked = factsOf({ path: '/shared', headers });
    const places = [0, 0.2, 0.4, 0.6, 0.8, 0.99].map(roll => {
      const outcome = decide(table, asked, new Fleet(), 0, () => roll, BOTH);
      assert.ok(isDecision(outcome));
      return `${outcome.where.service} ${outcome.where.version}`;
    });
    return [...new Set(places)];
  };

  it('have one service, and there one version', () => {
    const users = Array.from({ length: 40 }, (_, n) => placesOf({ 'x-user': `user-${n}` }));
    for (const places of users) assert.equal(places.length, 1);
    assert.equal(new Set(users.flat()).size, 6);
  });
  it('that pin a version have one service for it', () => {
    const users = Array.from({ length: 40 }, (_, n) =>
      placesOf({ 'x-user': `user-${n}`, 'x-version': 'v2' }),
    );
    for (const places of users) assert.equal(places.length, 1);
    assert.deepEqual([...new Set(users.flat())].sort(), ['one v2', 'three v2', 'two v2']);
  });
  it('others that pin a version are shared out', () =>
    assert.equal(placesOf({ 'x-version': 'v2' }).length, 3));
});
