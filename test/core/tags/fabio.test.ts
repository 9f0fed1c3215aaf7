import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Filter } from '../../../src/core/model/filter.ts';
import type { Match } from '../../../src/core/model/match.ts';
import type { TagRule, TagsSaid } from '../../../src/core/tags/dialect.ts';
import { readFabioTags } from '../../../src/core/tags/fabio/read.ts';
import { sharesOf } from '../../../src/core/tags/fabio/shares.ts';

const read = (...tags: string[]): TagsSaid =>
  readFabioTags({ tags, service: 'shop', address: '10.0.0.1', port: 8000 }, { tagPrefix: '' });

const reasonsOf = (said: TagsSaid): string => said.problems.map(({ reason }) => reason).join('\n');

describe('what a tag of Fabio asks for', () => {
  const table: [tag: string, match: Match][] = [
    ['urlprefix-/foo', { kind: 'text', path: '/foo' }],
    ['urlprefix-/foo/', { kind: 'text', path: '/foo/' }],
    [' urlprefix- /foo ', { kind: 'text', path: '/foo' }],
    ['urlprefix-/', { kind: 'prefix', path: '/' }],
    ['urlprefix-WWW.Bar.com/Foo/foo', { host: 'www.bar.com', kind: 'text', path: '/Foo/foo' }],
    ['urlprefix-foo.com', { host: 'foo.com', kind: 'prefix', path: '/' }],
    ['urlprefix-*.foo.com/', { host: '*.foo.com', kind: 'prefix', path: '/' }],
    ['urlprefix-*/x', { kind: 'text', path: '/x' }],
    ['urlprefix-foo.com:80/', { host: 'foo.com', scheme: 'http', kind: 'prefix', path: '/' }],
    ['urlprefix-foo.com:443/', { host: 'foo.com', scheme: 'https', kind: 'prefix', path: '/' }],
    ['urlprefix-*:80/', { scheme: 'http', kind: 'prefix', path: '/' }],
    ['urlprefix-/größe/*', { kind: 'text', path: '/gr%C3%B6%C3%9Fe/*' }],
  ];
  for (const [tag, match] of table) {
    it(tag, () =>
      assert.deepEqual(read(tag), { rules: [{ match, isShared: true }], problems: [], settings: {} }),
    );
  }

  it('tags of others are passed over', () =>
    assert.deepEqual(read('path=/a', 'URLPREFIX-/a', 'traefik.enable=true'), {
      rules: [],
      problems: [],
      settings: {},
    }));

  for (const [tag, reason] of [
    ['urlprefix-', 'names no host and no path'],
    ['urlprefix-:3306 proto=tcp', 'TCP'],
    ['urlprefix-db.test/ proto=tcp', 'TCP'],
    ['urlprefix-foo.com:9999/', 'port'],
    ['urlprefix-foo.*/', 'pattern'],
    ['urlprefix-{a,b}.com/', 'pattern'],
    ['urlprefix-/$DC/x', 'variables'],
    ['urlprefix-/a/../b', 'path'],
  ] as const) {
    it(`${tag} is none`, () => {
      const said = read(tag);
      assert.deepEqual(said.rules, []);
      assert.match(reasonsOf(said), new RegExp(reason));
    });
  }
});

describe('options', () => {
  const stripped: Filter = {
    type: 'request-headers',
    change: { set: [['X-Forwarded-Prefix', '/a']], add: [], remove: [] },
  };
  const table: [options: string, rule: Partial<TagRule>][] = [
    ['strip=/a', { use: { path: { kind: 'text', value: '', strip: ['/a'] } }, filters: [stripped] }],
    ['prepend=/p', { use: { path: { kind: 'text', value: '/p' } } }],
    [
      'strip=/a prepend=/p',
      { use: { path: { kind: 'text', value: '/p', strip: ['/a'] } }, filters: [stripped] },
    ],
    ['host=Shop.test', { use: { host: 'shop.test' } }],
    ['host=dst', { use: { host: '10.0.0.1:8000' } }],
    ['proto=http', {}],
    ['proto=https', { use: { protocol: 'https' } }],
    ['proto=grpc', { use: { protocol: 'h2c' } }],
    ['proto=grpcs grpcservername=Orders', { use: { protocol: 'h2', serverName: 'orders' } }],
    ['weight=0.25', { fraction: 0.25 }],
    ['weight=0', {}],
    ['weight=-1', {}],
    ['weight=0.1 weight=0.2', { fraction: 0.2 }],
    [
      'allow=ip:10.0.0.0/8,IP:fe80::1',
      { filters: [{ type: 'access', allow: ['10.0.0.0/8', 'fe80::1'], forwarded: true }] },
    ],
    ['deny=ip:10.0.0.1', { filters: [{ type: 'access', deny: ['10.0.0.1'], forwarded: true }] }],
  ];
  for (const [options, rule] of table) {
    it(options, () => {
      const said = read(`urlprefix-/a ${options}`);
      assert.deepEqual(said.rules, [{ match: { kind: 'text', path: '/a' }, isShared: true, ...rule }]);
      assert.deepEqual(said.problems, []);
    });
  }

  for (const [options, reason] of [
    ['auth=basic', 'auth'],
    ['proto=quic', 'quic'],
    ['proto=grpcs grpcservername=a_b:1', 'grpcservername'],
    ['alow=ip:10.0.0.1', 'alow'],
    ['allow=ip:10.0.0.0/8 deny=ip:10.0.0.1', 'exclude'],
    ['allow=10.0.0.0/8', 'ip:CIDR'],
    ['deny=ip:fe80::1234,100.123.0.0/16', 'ip:CIDR'],
    ['allow=', 'ip:CIDR'],
    ['allow=ip:10.0.0.0/33', 'ip:CIDR'],
    ['strip=a', 'strip'],
    ['host=a/b', 'host'],
    ['redirect=301', 'redirect'],
    ['redirect=200,https://a.test/', 'redirect'],
    ['redirect=301,ftp://a.test/', 'redirect'],
    ['redirect=301,https://a.test/$path/x', 'redirect'],
  ] as const) {
    it(`${options}: the rule is shut, and not left to a wider one`, () => {
      const said = read(`urlprefix-/a ${options}`);
      assert.deepEqual(said.rules, [{ match: { kind: 'text', path: '/a' }, isClosed: true, isShared: true }]);
      assert.match(reasonsOf(said), new RegExp(reason));
    });
  }

  for (const options of ['register=shop', 'pxyproto=true', 'weight=5%']) {
    it(`${options} is named and changes nothing`, () => {
      const said = read(`urlprefix-/a ${options}`);
      assert.deepEqual(said.rules, [{ match: { kind: 'text', path: '/a' }, isShared: true }]);
      assert.equal(said.problems.length, 1);
    });
  }
});

describe('redirect', () => {
  const table: [tag: string, redirect: Partial<Filter>][] = [
    [
      'urlprefix-/ redirect=302,http://bar.com/',
      { status: 302, scheme: 'http', hostname: 'bar.com', path: { kind: 'full', value: '/' }, query: '' },
    ],
    [
      'urlprefix-/ redirect=301,http://bar.com:8080/a/b?x=1',
      {
        status: 301,
        scheme: 'http',
        hostname: 'bar.com',
        port: 8080,
        path: { kind: 'full', value: '/a/b' },
        query: 'x=1',
      },
    ],
    [
      'urlprefix-/ redirect=301,http://bar.com/bbb/$path strip=/s prepend=/p',
      {
        status: 301,
        scheme: 'http',
        hostname: 'bar.com',
        path: { kind: 'text', value: '/bbb/p', strip: ['/s'] },
      },
    ],
    [
      'urlprefix-foo.com:80/ redirect=308,https://$host/',
      { status: 308, scheme: 'https', path: { kind: 'full', value: '/' }, query: '' },
    ],
  ];
  for (const [tag, redirect] of table) {
    it(tag, () => assert.deepEqual(read(tag).rules[0]?.filters, [{ type: 'redirect', ...redirect }]));
  }

  it('who is there already finds the next rule', () => {
    const [rule] = read('urlprefix-foo.com/ redirect=301,https://$host$path').rules;
    assert.deepEqual(rule?.match, { host: 'foo.com', scheme: 'http', kind: 'prefix', path: '/' });
  });
  it('a redirect to itself is none', () =>
    assert.deepEqual(read('urlprefix-foo.com:443/ redirect=301,https://foo.com/$path').rules, []));
});

describe('shares of a route', () => {
  const _ = undefined;
  const table: [fractions: (number | undefined)[], percent: number[]][] = [
    [
      [_, _],
      [50, 50],
    ],
    [
      [0.05, _, _],
      [5, 47.5, 47.5],
    ],
    [
      [0.7, 0.7],
      [50, 50],
    ],
    [
      [0.2, 0.3],
      [40, 60],
    ],
    [
      [1, _],
      [100, 0],
    ],
    [
      [0.9, 0.9, _],
      [50, 50, 0],
    ],
    [
      [2, 1],
      [66.67, 33.33],
    ],
  ];
  for (const [fractions, percent] of table) {
    it(fractions.map(each => each ?? '–').join(', '), () =>
      assert.deepEqual(
        sharesOf(fractions).map(share => Math.round(share * 10_000) / 100),
        percent,
      ),
    );
  }
});
