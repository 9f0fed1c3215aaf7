import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Asked, locationOf, type Redirect } from '../../../src/core/filters/redirect.ts';
import type { PathChange } from '../../../src/core/model/filter.ts';

const asked = (of: Partial<Asked> = {}): Asked => ({
  scheme: 'http',
  host: 'shop.example',
  entrancePort: 80,
  path: '/foo/bar',
  search: '',
  ...of,
});

const location = (redirect: Partial<Redirect>, of: Partial<Asked> = {}): string | undefined =>
  locationOf({ type: 'redirect', status: 302, ...redirect }, asked(of), '/foo');

describe('the port of a redirect (Gateway API, HTTPRequestRedirectFilter)', () => {
  const http8080 = { entrancePort: 8080 };
  const https443 = { scheme: 'https', entrancePort: 443 } as const;
  const hostname = 'h';
  const rows: [entrance: Partial<Asked>, redirect: Partial<Redirect>, to: string][] = [
    [{}, { hostname }, 'http://h'],
    [http8080, { hostname }, 'http://h:8080'],
    [http8080, { hostname, port: 80 }, 'http://h'],
    [http8080, { hostname, scheme: 'https' }, 'https://h'],
    [https443, { hostname }, 'https://h'],
    [https443, { hostname, scheme: 'http' }, 'http://h'],
    [https443, { hostname, port: 8443 }, 'https://h:8443'],
    [https443, { hostname, port: 443 }, 'https://h'],
    [{}, { hostname, port: 8080 }, 'http://h:8080'],
    [{}, { hostname, scheme: 'https', port: 80 }, 'https://h:80'],
    [{}, { hostname, scheme: 'https', port: 443 }, 'https://h'],
    [{}, { hostname, scheme: 'https', port: 8443 }, 'https://h:8443'],
    [https443, { hostname, scheme: 'http', port: 80 }, 'http://h'],
    [https443, { hostname, scheme: 'http', port: 8080 }, 'http://h:8080'],
    [https443, { hostname, scheme: 'http', port: 443 }, 'http://h:443'],
  ];
  for (const [entrance, redirect, to] of rows) {
    const { scheme, entrancePort } = asked(entrance);
    it(`${scheme}:${entrancePort} ${JSON.stringify(redirect)} -> ${to}`, () =>
      assert.equal(location(redirect, entrance), `${to}/foo/bar`));
  }
});

describe('the rest of it', () => {
  const cases: [name: string, redirect: Partial<Redirect>, of: Partial<Asked>, to: string][] = [
    ['stays where it was, query and all', {}, { search: '?a=%2F&b' }, 'http://shop.example/foo/bar?a=%2F&b'],
    [
      'another path, with the query',
      { path: { kind: 'full', value: '/new' } },
      { search: '?a' },
      'http://shop.example/new?a',
    ],
    ['another prefix', { path: { kind: 'prefix', value: '/new' } }, {}, 'http://shop.example/new/bar'],
    ['a query of its own', { query: 'b=1' }, { search: '?a' }, 'http://shop.example/foo/bar?b=1'],
    ['no query', { query: '' }, { search: '?a' }, 'http://shop.example/foo/bar'],
    ['an address', {}, { host: '[2001:db8::1]' }, 'http://[2001:db8::1]/foo/bar'],
    [
      'bytes that no URL holds',
      {},
      { path: '/gr\xc3\xb6"<>`{|}' },
      'http://shop.example/gr%C3%B6%22%3C%3E%60%7B%7C%7D',
    ],
    ['a client without a host', {}, { host: '' }, '/foo/bar'],
    [
      'a client without a host, which is not sent to another',
      {},
      { host: '', path: '//evil.example/x' },
      '/evil.example/x',
    ],
    [
      'a path that begins with two slashes',
      {},
      { path: '//evil.example/x' },
      'http://shop.example//evil.example/x',
    ],
  ];
  for (const [name, redirect, of, to] of cases) {
    it(name, () => assert.equal(location(redirect, of), to));
  }
});

describe('a request that is there already', () => {
  const https = { scheme: 'https', unlessThere: true } as const;
  it('goes its way where the rule says so', () => {
    assert.equal(location(https, { scheme: 'https', entrancePort: 443 }), undefined);
    assert.equal(location(https, { scheme: 'http' }), 'https://shop.example/foo/bar');
  });
  it('is sent there again where it does not', () => {
    const to = location({ scheme: 'https' }, { scheme: 'https', entrancePort: 443 });
    assert.equal(to, 'https://shop.example/foo/bar');
  });
});

describe('a redirect under a path that pins its version', () => {
  const rows: [change: PathChange | undefined, path: string, rulePath: string, to: string][] = [
    [undefined, '/v2/foo/bar', '/foo/bar', '/v2/foo/bar'],
    [{ kind: 'prefix', value: '/new' }, '/v2/foo/bar', '/foo/bar', '/v2/new/bar'],
    [{ kind: 'prefix', value: '/' }, '/v2/foo', '/foo', '/v2/'],
    [{ kind: 'segments', value: '/x', strip: ['/foo'] }, '/v2/foo/bar', '/foo/bar', '/v2/x/bar'],
    [{ kind: 'segments', value: '/x' }, '/v2/', '/', '/v2/x/'],
    [{ kind: 'segments', value: '/x' }, '/v2', '/', '/v2/x/'],
    [{ kind: 'full', value: '/new' }, '/v2/foo/bar', '/foo/bar', '/new'],
  ];
  for (const [path, from, rulePath, to] of rows) {
    it(`${from}, ${JSON.stringify(path)} -> ${to}`, () => {
      const redirect: Redirect = { type: 'redirect', status: 302, ...(path === undefined ? {} : { path }) };
      assert.equal(locationOf(redirect, asked({ path: from }), '/foo', rulePath), `http://shop.example${to}`);
    });
  }
});
