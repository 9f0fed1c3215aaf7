import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTarget } from '../../src/proxy/target.ts';

const read = (url: string, host?: string, method = 'GET') => readTarget(method, url, host);

describe('readTarget', () => {
  const good: [name: string, url: string, host: string | undefined, expected: object][] = [
    ['origin form', '/a?b=1', 'x.test', { authority: 'x.test', host: 'x.test', path: '/a', query: '?b=1' }],
    [
      'host in any case, with port',
      '/',
      'X.Test:8080',
      { authority: 'X.Test:8080', host: 'x.test', port: 8080, path: '/', query: '' },
    ],
    ['a trailing dot', '/', 'x.test.', { authority: 'x.test.', host: 'x.test', path: '/', query: '' }],
    [
      'an IPv6 literal',
      '/',
      '[::1]:80',
      { authority: '[::1]:80', host: '[::1]', port: 80, path: '/', query: '' },
    ],
    [
      'underscores',
      '/',
      'my_service.mesh',
      { authority: 'my_service.mesh', host: 'my_service.mesh', path: '/', query: '' },
    ],
    [
      'the query byte for byte',
      '/?a=%2e%2E&b=/../?c',
      'x',
      { authority: 'x', host: 'x', path: '/', query: '?a=%2e%2E&b=/../?c' },
    ],
    [
      'dot segments and escapes normalised',
      '/a/./b/../%7ec',
      'x',
      { authority: 'x', host: 'x', path: '/a/~c', query: '' },
    ],
    ['no host (HTTP/1.0)', '/a', undefined, { authority: '', host: '', path: '/a', query: '' }],
    [
      'absolute form: its authority wins over Host',
      'http://inner.test:81/a?q',
      'outer.test',
      { authority: 'inner.test:81', host: 'inner.test', port: 81, path: '/a', query: '?q' },
    ],
    [
      'absolute form without a path',
      'http://x.test?q',
      'y',
      { authority: 'x.test', host: 'x.test', path: '/', query: '?q' },
    ],
  ];
  for (const [name, url, host, expected] of good) {
    it(name, () => assert.deepEqual(read(url, host), expected));
  }

  it('takes * for OPTIONS alone', () => {
    assert.equal(read('*', 'x', 'OPTIONS')?.path, '*');
    assert.equal(read('*', 'x'), undefined);
  });

  const bad: [name: string, url: string, host?: string][] = [
    ['user info in the authority', 'http://user:secret@x.test/', 'x.test'],
    ['user info in Host', '/', 'user@x.test'],
    ['a space in Host', '/', 'x test'],
    ['an empty Host', '/', ''],
    ['a path in Host', '/', 'x.test/admin'],
    ['an escape in Host', '/', 'x%2etest'],
    ['a list in Host', '/', 'a.test, b.test'],
    ['a port that is none', '/', 'x.test:http'],
    ['a port too large', '/', 'x.test:65536'],
    ['a label that begins with a hyphen', '/', '-x.test'],
    ['an open bracket', '/', '[::1'],
    ['another scheme', 'ftp://x.test/', 'x.test'],
    ['a path without its slash', 'orders', 'x.test'],
    ['climbing above the root', '/../etc', 'x.test'],
    ['a broken escape', '/%zz', 'x.test'],
    ['a backslash', '/a\\b', 'x.test'],
    ['a fragment', '/a#b', 'x.test'],
  ];
  for (const [name, url, host] of bad) {
    it(`refuses ${name}`, () => assert.equal(read(url, host), undefined));
  }
});
