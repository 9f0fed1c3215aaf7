import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isPathPrefix } from '../../src/core/path.ts';
import { type AtPath, PathIndex } from '../../src/core/path-index.ts';

/** By 32 bits of FNV-1a; found by trying. */
const COLLIDING = ['/2pf8', '/jrj6'] as const;

const at = (path: string): AtPath => ({ path });

describe('what a path leads to', () => {
  const index = new PathIndex(['/a/b', '/'].map(at), ['/', '/a', '/a/b', '/a/b/c/d'].map(at));
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
    assert.equal(new PathIndex([], [first, second]).find('/a/b'), first);
  });

  it('nothing where there is nothing', () => assert.equal(new PathIndex([], []).find('/a'), undefined));
});

it('paths with the same hash are told apart', () => {
  const [one, other] = COLLIDING;
  for (const [there, asked] of [
    [one, other],
    [other, one],
  ] as const) {
    assert.equal(new PathIndex([], [at(there)]).find(asked), undefined);
    assert.equal(new PathIndex([at(there)], []).find(asked), undefined);
  }
  const both = new PathIndex([], [at(one), at(other)]);
  assert.equal(both.find(`${one}/x`)?.path, one);
  assert.equal(both.find(`${other}/x`)?.path, other);
});

it('any set of paths agrees with looking at all of them', () => {
  const path = fc
    .array(fc.constantFrom('x', 'y', 'xy', 'a long segment'), { minLength: 1, maxLength: 4 })
    .map(segments => `/${segments.join('/')}`);
  const paths = fc.uniqueArray(fc.oneof(path, fc.constant('/')), { maxLength: 40 });
  fc.assert(
    fc.property(paths, paths, fc.oneof(path, fc.constant('/')), (exact, prefixes, asked) => {
      const fitting = prefixes
        .filter(prefix => isPathPrefix(prefix, asked))
        .sort((a, b) => b.length - a.length);
      const expected = exact.includes(asked) ? asked : fitting[0];
      assert.equal(new PathIndex(exact.map(at), prefixes.map(at)).find(asked)?.path, expected);
    }),
    { numRuns: 2_000 },
  );
});
