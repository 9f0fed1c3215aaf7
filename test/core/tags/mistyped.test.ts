import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readSluiceTags } from '../../../src/core/tags/sluice/read.ts';

/** What the instance is asked to say instead, by each tag that is named. */
const advice = (tags: readonly string[], tagPrefix = ''): Record<string, string | undefined> =>
  Object.fromEntries(
    readSluiceTags({ tags }, { tagPrefix })
      .problems.filter(({ isGuess }) => isGuess)
      .map(({ tag, reason }) => [tag, /write (.*)$/.exec(reason)?.[1]]),
  );

describe('a tag that was probably meant to be read is named, with what to write', () => {
  const table: [tag: string, meant: string, beside?: string[]][] = [
    // A path or a host says enough by itself.
    ['pth=/orders', 'path=/orders'],
    ['paths=/orders', 'path=/orders'],
    ['PAHT = /orders', 'path=/orders'],
    ['path/orders', 'path=/orders'],
    ['path:/orders', 'path=/orders'],
    ['path /orders', 'path=/orders'],
    ['path->/orders', 'path=/orders'],
    ['exat=/orders', 'exact=/orders'],
    ['exact:/orders', 'exact=/orders'],
    ['hsot=shop.example.com', 'host=shop.example.com'],
    ['host:*.example.com', 'host=*.example.com'],
    // The rest is told of instances that have one.
    ['stickey=cookie:sid', 'sticky=cookie:sid', ['path=/a']],
    ['stickey=', 'sticky=…', ['path=/a']],
    ['sticky:cookie:sid', 'sticky=cookie:sid', ['host=a.test']],
    ['versoin=v2', 'version=v2', ['path=/a']],
    ['version:v2', 'version=v2', ['path=/a']],
    ['version v2', 'version=v2', ['path=/a']],
    ['wieght=5', 'weight=5', ['exact=/a']],
    ['methods=GET', 'method=GET', ['path=/a', 'method=HEAD']],
    ['headers=x-tenant:acme', 'header=x-tenant:acme', ['path=/a']],
    ['rewrite_host=shop.internal', 'rewrite-host=shop.internal', ['path=/a']],
    ['tiemotu=2s', 'timeout=2s', ['path=/a']],
    ['ballancce=round-robin', 'balance=round-robin', ['path=/a']],
    ['stickey=cookie:sid', 'sticky=cookie:sid', ['pth=/a']],
  ];
  for (const [tag, meant, beside = []] of table) {
    it([tag, ...beside].join(' '), () => assert.equal(advice([tag, ...beside])[tag], meant));
  }

  it('costs nothing but the word: the instance is served for the rest', () => {
    const { rules, problems } = readSluiceTags({ tags: ['path=/a', 'pth=/b'] }, { tagPrefix: '' });
    assert.deepEqual(
      rules.map(({ match }) => match.path),
      ['/a'],
    );
    assert.deepEqual(
      problems.map(({ tag, fatal }) => [tag, fatal]),
      [['pth=/b', false]],
    );
  });
});

describe('of other people’s tags there is no word', () => {
  const foreign = [
    ...[
      'primary',
      'secondary',
      'v1',
      'v2.3.1',
      'path',
      'host',
      'prod',
      'eu-west-1',
      '',
      '=',
      '/',
      '=/a',
      ':',
    ],
    ...[
      'env=prod',
      'dc=eu',
      'team=orders',
      'owner=shop@example.com',
      'git=4f2a9c1',
      'hash:4f2a9c1',
      'hot=yes',
    ],
    ...[
      'leader=true',
      'height=5',
      'eight=8',
      'session=abc',
      'vision=2030',
      'stripe=true',
      'heater=1',
      'cash=yes',
    ],
    ...[
      'cost=low',
      'most=5',
      'post=1',
      'photo=1',
      'bath=/a',
      'math=/a',
      'health=/healthz',
      'metrics=/metrics',
    ],
    ...[
      'retry=1',
      'time=2s',
      'patch=3',
      'branch=main',
      'method-team',
      'host-metrics',
      'path-finder',
      'header-x',
    ],
    ...[
      'version-2',
      'version_2',
      'strip:true',
      'pathology/orders',
      'host/primary',
      'exact-online',
      'query-service',
      'weight-5',
    ],
    ...['urlprefix-/orders', 'urlprefix-shop.example.com/ strip=/orders', 'traefik.enable=true'],
    ...['traefik.http.routers.a.rule=Host(`a.test`) && Path(`/a`)', 'sluice', 'prometheus.path=/metrics'],
    ...['prometheus_path=/metrics', 'contour/path=/a', 'dns.host=a.test', `${'path'.repeat(100)}=/a`],
  ];
  const ours = ['path=/a', 'version=v1', 'strip=/a', 'sticky=address', 'weight=1', 'timeout=1s'];
  for (const [name, beside] of [
    ['alone', []],
    ['on an instance of ours', ours],
  ] as const) {
    it(name, () => assert.deepEqual(advice([...foreign, ...beside]), {}));
  }

  it('nor of what only an instance of ours would say', () =>
    assert.deepEqual(advice(['version:1.2.3', 'versions=3', 'stickey=cookie:sid', 'timeout:5s']), {}));

  it('nor of what the instance says rightly, too', () =>
    assert.deepEqual(advice(['path=/a', 'version=v2', 'version:1.2.3']), {}));
});

describe('with a prefix', () => {
  for (const [tag, meant] of [
    ['sluice.pth=/a', 'sluice.path=/a'],
    ['sluice_path=/a', 'sluice.path=/a'],
    ['slucie.path=/a', 'sluice.path=/a'],
    ['sluice.path/a', 'sluice.path=/a'],
    ['path=/a', undefined],
    ['pth=/a', undefined],
    ['path/a', undefined],
  ] as const) {
    it(tag, () => assert.equal(advice([tag], 'sluice.')[tag], meant));
  }
});
