import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { changePath } from '../../../src/core/filters/path-change.ts';
import { isPathPrefix } from '../../../src/core/path.ts';

describe('a prefix that is replaced (Gateway API, HTTPPathModifier)', () => {
  const rows: [path: string, matched: string, value: string, becomes: string][] = [
    ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
    ['/foo', '/foo', '/xyz', '/xyz'],
    ['/foo/', '/foo', '/xyz', '/xyz/'],
    ['/foo/bar', '/foo', '', '/bar'],
    ['/foo/', '/foo', '', '/'],
    ['/foo', '/foo', '', '/'],
    ['/foo/', '/foo', '/', '/'],
    ['/foo', '/foo', '/', '/'],
    // Not in its table, by the same logic.
    ['/foo', '/foo', '/xyz/', '/xyz'],
    ['/', '/', '/xyz', '/xyz/'],
    ['/a', '/', '/xyz', '/xyz/a'],
    ['/a', '/', '/', '/a'],
    ['/foo//bar', '/foo', '/xyz', '/xyz//bar'],
    // Nothing is known to be a prefix: what is put in its place goes in front.
    ['/foo', '', '/xyz', '/xyz/foo'],
  ];
  for (const [path, matched, value, becomes] of rows) {
    it(`${path}: ${matched || 'nothing'} -> ${value || 'nothing'} is ${becomes}`, () =>
      assert.equal(changePath(path, { kind: 'prefix', value }, matched), becomes));
  }

  it('whatever they are: a path again, with what was behind the prefix at its end', () => {
    const segments = fc.array(fc.stringMatching(/^[a-z.]{0,3}$/), { minLength: 1, maxLength: 4 });
    const path = segments.map(parts => `/${parts.join('/')}`);
    fc.assert(
      fc.property(path, path, fc.oneof(path, fc.constant('')), (prefix, rest, value) => {
        const whole = prefix === '/' ? rest : prefix + rest;
        const matched = prefix.replace(/\/$/, '') || '/';
        fc.pre(isPathPrefix(matched, whole));
        const becomes = changePath(whole, { kind: 'prefix', value }, matched);
        assert.ok(becomes.startsWith('/'));
        assert.doesNotMatch(becomes, /^\/\//);
        assert.ok(becomes.endsWith(rest.replace(/^\/+/, '/')));
        assert.ok(becomes.startsWith(value.replace(/\/$/, '').replace(/^\/+/, '/')));
      }),
    );
  });
});

describe('other changes of a path', () => {
  const rows: [name: string, path: string, change: Parameters<typeof changePath>[1], becomes: string][] = [
    ['the whole', '/a/b', { kind: 'full', value: '/c' }, '/c'],
    ['the first prefix that fits, off', '/a/b', { kind: 'segments', value: '', strip: ['/x', '/a'] }, '/b'],
    ['all of it, off', '/a', { kind: 'segments', value: '', strip: ['/a'] }, '/'],
    ['by whole segments only', '/ab', { kind: 'segments', value: '', strip: ['/a'] }, '/ab'],
    ['by characters', '/ab', { kind: 'text', value: '', strip: ['/a'] }, '/b'],
    ['one of them, not both', '/a/a/b', { kind: 'segments', value: '', strip: ['/a', '/a'] }, '/a/b'],
    ['in front', '/a', { kind: 'segments', value: '/api' }, '/api/a'],
    ['in front of the root', '/', { kind: 'segments', value: '/api' }, '/api/'],
    [
      'in front, where nothing is to come off',
      '/b',
      { kind: 'text', value: '/api', strip: ['/a'] },
      '/api/b',
    ],
    ['off within a segment, and in front', '/ab', { kind: 'text', value: '/api', strip: ['/a'] }, '/api/b'],
    ['off, and in front', '/a/b', { kind: 'text', value: '/api', strip: ['/a'] }, '/api/b'],
  ];
  for (const [name, path, change, becomes] of rows) {
    it(name, () => assert.equal(changePath(path, change, '/'), becomes));
  }
});
