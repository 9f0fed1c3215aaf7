import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isPathPrefix } from '../../src/core/path.ts';
import { type AtPath, PathIndex, type Paths } from '../../src/core/path-index.ts';

/** By 32 bits of FNV-1a; found by trying. */
const COLLIDING = ['/2pf8', '/jrj6'] as const;

const at = (path: string): AtPath => ({ path });

const indexOf = ({
  exact = [],
  prefixes = [],
  texts = [],
}: Partial<Record<keyof Paths<AtPath>, readonly string[]>>) =>
  new PathIndex({ exact: exact.map(at), prefixes: prefixes.map(at), texts: texts.map(at) });

describe('what a path leads to', () => {
  const index = indexOf({ exact: ['/a/b', '/'], prefixes: ['/', '/a', '/a/b', '/a/b/c/d'] });
  const rows: [path: string, found: string][] = [
    ['/', '/'],
    ['/x', '/'],
    ['/a', '/a'],
    ['/a/', '/a'],
    ['/ab', '/'],
    ['/a/b', '/a/b'],
    ['/a/b/c', '/a/b'],
    ['/a/b/c/d/', '/a/b/c/d'],
    ['//a', '/'],
    ['/a//b', '/a'],
  ];
  for (const [path, found] of rows) it(path, () => assert.equal(index.find(path)?.path, found));

  it('of several with one path, the first', () => {
    const [first, second] = [at('/a'), at('/a')];
    assert.equal(new PathIndex({ exact: [], prefixes: [first, second], texts: [] }).find('/a/b'), first);
  });

  it('nothing where there is nothing', () => assert.equal(indexOf({}).find('/a'), undefined));
});

it('paths with the same hash are told apart', () => {
  const [one, other] = COLLIDING;
  for (const [there, asked] of [
    [one, other],
    [other, one],
  ] as const) {
    assert.equal(indexOf({ prefixes: [there] }).find(asked), undefined);
    assert.equal(indexOf({ exact: [there] }).find(asked), undefined);
  }
  const both = indexOf({ prefixes: [one, other] });
  assert.equal(both.find(`${one}/x`)?.path, one);
  assert.equal(both.find(`${other}/x`)?.path, other);
});

describe('paths by characters', () => {
  const index = indexOf({
    prefixes: ['/', '/foo', '/foobar'],
    texts: ['/f', '/foo', '/foo/'],
    exact: ['/fo'],
  });
  const rows: [path: string, fitting: string[]][] = [
    ['/', ['/']],
    ['/f', ['/f', '/']],
    ['/fo', ['/f', '/']],
    ['/foot', ['/foo', '/f', '/']],
    ['/foo', ['/foo', '/f', '/']],
    ['/foo/1', ['/foo/', '/foo', '/f', '/']],
    ['/foobar', ['/foobar', '/foo', '/f', '/']],
  ];
  for (const [path, fitting] of rows) {
    it(path, () => {
      assert.deepEqual(
        index.prefixesOf(path).map(found => found.path),
        fitting,
      );
      assert.equal(index.find(path)?.path, index.exactAt(path)?.path ?? fitting[0]);
    });
  }

  it('who fits a prefix by segments is found there', () => {
    const [bySegments, byCharacters] = [at('/foo'), at('/foo')];
    const both = new PathIndex({ exact: [], prefixes: [bySegments], texts: [byCharacters] });
    assert.equal(both.find('/foo/1'), bySegments);
    assert.equal(both.find('/foo'), bySegments);
    assert.equal(both.find('/foot'), byCharacters);
  });
});

it('any set of paths agrees with looking at all of them', () => {
  const path = fc
    .array(fc.constantFrom('x', 'y', 'xy', 'a long segment'), { minLength: 1, maxLength: 4 })
    .map(segments => `/${segments.join('/')}`);
  const paths = fc.uniqueArray(fc.oneof(path, fc.constant('/')), { maxLength: 40 });
  const texts = fc.uniqueArray(
    fc.oneof(
      path,
      path.map(p => `${p}/`),
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(paths, paths, texts, fc.oneof(path, fc.constant('/')), (exact, prefixes, texts, asked) => {
      const index = indexOf({ exact, prefixes, texts });
      const fitting = [
        ...prefixes.filter(prefix => isPathPrefix(prefix, asked)),
        ...texts.filter(text => asked.startsWith(text)),
      ];
      const longestFirst = [...new Set(fitting)].sort((a, b) => b.length - a.length);
      assert.deepEqual(
        index.prefixesOf(asked).map(found => found.path),
        longestFirst,
      );
      assert.equal(index.find(asked)?.path, exact.includes(asked) ? asked : longestFirst[0]);
    }),
    { numRuns: 2_000 },
  );
});
