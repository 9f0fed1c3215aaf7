import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isPathPrefix } from '../../src/core/path.ts';
import { type AtPath, type PathChanges, PathIndex } from '../../src/core/path-index.ts';

/** By 32 bits of FNV-1a; found by trying. */
const COLLIDING = ['/2pf8', '/jrj6'] as const;

const at = (path: string): AtPath => ({ path });

type Paths = Partial<Record<keyof PathChanges<AtPath>, readonly string[]>>;

const to = (paths: readonly string[] = []): Map<string, AtPath | undefined> =>
  new Map(paths.map(path => [path, at(path)]));

const indexOf = ({ exact, prefix, text }: Paths, before?: PathIndex<AtPath>): PathIndex<AtPath> =>
  new PathIndex({ exact: to(exact), prefix: to(prefix), text: to(text) }, before);

describe('what a path leads to', () => {
  const index = indexOf({ exact: ['/a/b', '/'], prefix: ['/', '/a', '/a/b', '/a/b/c/d'] });
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

  it('nothing where there is nothing', () => assert.equal(indexOf({}).find('/a'), undefined));
});

it('paths with the same hash are told apart', () => {
  const [one, other] = COLLIDING;
  for (const [there, asked] of [
    [one, other],
    [other, one],
  ] as const) {
    assert.equal(indexOf({ prefix: [there] }).find(asked), undefined);
    assert.equal(indexOf({ exact: [there] }).find(asked), undefined);
  }
  const both = indexOf({ prefix: [one, other] });
  assert.equal(both.find(`${one}/x`)?.path, one);
  assert.equal(both.find(`${other}/x`)?.path, other);
});

describe('paths by characters', () => {
  const index = indexOf({
    prefix: ['/', '/foo', '/foobar'],
    text: ['/f', '/foo', '/foo/'],
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
    const both = new PathIndex({
      exact: new Map(),
      prefix: new Map([['/foo', bySegments]]),
      text: new Map([['/foo', byCharacters]]),
    });
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
      const index = indexOf({ exact, prefix: prefixes, text: texts });
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

it('an index made of the one before is what it would be made anew', () => {
  const path = fc.constantFrom<string>('/', '/a', '/a/b', '/b', '/b/', '/b/c', '/a/b/c/d', '/abc');
  const some = fc.uniqueArray(path, { maxLength: 6 });
  const sets = fc.record({
    exact: some,
    prefix: some,
    text: some.map(all => all.filter(each => each !== '/')),
  });
  fc.assert(
    fc.property(sets, sets, sets, path, (first, come, gone, asked) => {
      const before = indexOf(first);
      const now = { ...first };
      const changes = { exact: to(), prefix: to(), text: to() };
      for (const kind of ['exact', 'prefix', 'text'] as const) {
        for (const each of gone[kind]) if (first[kind].includes(each)) changes[kind].set(each, undefined);
        for (const each of come[kind]) changes[kind].set(each, at(each));
        now[kind] = [...new Set([...first[kind], ...come[kind]])].filter(
          each => come[kind].includes(each) || !gone[kind].includes(each),
        );
      }
      const found = (index: PathIndex<AtPath>) => [
        index.find(asked)?.path,
        index.exactAt(asked)?.path,
        index.prefixesOf(asked).map(each => each.path),
      ];
      assert.deepEqual(found(new PathIndex(changes, before)), found(indexOf(now)));
      assert.deepEqual(found(before), found(indexOf(first)));
    }),
    { numRuns: 3_000 },
  );
});
