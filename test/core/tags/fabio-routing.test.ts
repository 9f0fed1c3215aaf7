import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Asked } from '../../support/facts.ts';
import { instance } from '../build.ts';
import { rulesOf, servedBy } from './served.ts';

describe('where Fabio’s tags send a request', () => {
  const serve = servedBy(['fabio'], {
    root: ['urlprefix-/'],
    foo: ['urlprefix-/foo'],
    abc: ['urlprefix-abc.com/'],
    'abc-foo': ['urlprefix-abc.com/foo'],
    'abc-foo-dir': ['urlprefix-abc.com/foo/'],
    'abc-foo-bar': ['urlprefix-abc.com/foo/bar'],
    'abc-foo-bar-dir': ['urlprefix-abc.com/foo/bar/'],
    'z-foo': ['urlprefix-z.abc.com/foo/'],
    any: ['urlprefix-*.abc.com/'],
    'any-foo': ['urlprefix-*.abc.com/foo/'],
    aaa: ['urlprefix-*.aaa.abc.com/'],
    bbb: ['urlprefix-*.bbb.abc.com/'],
    xyz: ['urlprefix-xyz.com:80/'],
  });
  const table: [host: string, path: string, service: string, asked?: Asked][] = [
    ['abc.com', '/', 'abc'],
    ['abc.com', '/bar', 'abc'],
    ['abc.com', '/foo', 'abc-foo'],
    ['abc.com', '/fool', 'abc-foo'],
    ['abc.com', '/foo/', 'abc-foo-dir'],
    ['abc.com', '/foo/bar', 'abc-foo-bar'],
    ['abc.com', '/foo/bar/', 'abc-foo-bar-dir'],
    ['def.com', '/', 'root'],
    ['def.com', '/foo', 'foo'],
    ['def.com', '/fools', 'foo'],
    ['def.com', '/Foo', 'root'],
    ['x.abc.com', '/', 'any'],
    ['x.abc.com', '/foo/', 'any-foo'],
    ['x.y.abc.com', '/foo/', 'any-foo'],
    ['x.aaa.abc.com', '/foo', 'aaa'],
    ['z.abc.com', '/foo/', 'z-foo'],
    ['z.abc.com', '/', 'any'],
    ['xyz.com', '/', 'xyz'],
    ['xyz.com', '/', 'root', { scheme: 'https' }],
  ];
  for (const [host, path, service, asked] of table) {
    it(`${asked?.scheme ?? 'http'}://${host}${path} to ${service}`, () =>
      assert.equal(serve({ host, path, ...asked }), service));
  }
});

describe('a protection that cannot be had', () => {
  it('is not gone round by a wider rule', () => {
    const serve = servedBy(['fabio'], { shop: ['urlprefix-/', 'urlprefix-/admin auth=basic'] });
    assert.equal(serve({ path: '/admin/users' }), 'shut');
    assert.equal(serve({ path: '/' }), 'shop');
  });
});

it('nor by saying the rule again without it', () => {
  const serve = servedBy(['fabio'], { shop: ['urlprefix-/a', 'urlprefix-/a auth=basic'] });
  assert.equal(serve({ path: '/a' }), 'shut');
});

describe('several services on one route', () => {
  const at = (service: string, ...options: string[]): Parameters<typeof rulesOf>[1] =>
    options.map(option => instance({ service, tags: [`urlprefix-/a ${option}`] }));

  it('all of their instances serve it', () => {
    const [rule, ...others] = rulesOf(
      ['fabio'],
      [...at('one', '', ''), ...at('two', ''), ...at('shut', 'auth=x')],
    );
    assert.deepEqual(
      rule?.backends.map(({ service, share }) => [service, Math.round(share * 100)]),
      [
        ['one', 67],
        ['two', 33],
      ],
    );
    assert.deepEqual(others, []);
  });

  it('those with a weight have that of all the traffic', () => {
    const [rule] = rulesOf(['fabio'], [...at('one', 'weight=0.1', ''), ...at('two', '')]);
    assert.deepEqual(
      rule?.backends.map(({ service, share, arms }) => [
        service,
        Math.round(share * 100),
        arms.flatMap(({ targets }) => targets.map(({ weight = 0 }) => Math.round(weight * 100))),
      ]),
      [
        ['one', 55, [10, 45]],
        ['two', 45, [45]],
      ],
    );
  });

  it('each with its own filters', () => {
    const [rule] = rulesOf(['fabio'], [...at('one', 'strip=/a'), ...at('two', '')]);
    assert.deepEqual(
      rule?.backends.map(({ filters }) => filters?.map(({ type }) => type)),
      [['request-headers'], undefined],
    );
    assert.equal(rule?.filters, undefined);
  });

  it('one that says nothing gets nothing where the others take all', () => {
    const [rule] = rulesOf(['fabio'], [...at('one', 'weight=1'), ...at('two', '')]);
    assert.deepEqual(
      rule?.backends.map(({ service, share }) => [service, share]),
      [['one', 1]],
    );
  });

  it('a rule of Sluice’s own is contested', () => {
    const rules = rulesOf(
      ['sluice', 'fabio'],
      [instance({ service: 'own', tags: ['path=/'] }), instance({ service: 'fabio', tags: ['urlprefix-/'] })],
    );
    assert.deepEqual(
      rules.map(({ backends }) => backends.map(({ service }) => service)),
      [['own']],
    );
  });
});
