import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hashOf, seedOf } from '../../../src/core/match/path-hash.ts';
import { PathIndex } from '../../../src/core/match/path-index.ts';
import type { PathChanges } from '../../../src/core/match/path-slots.ts';
import { isPathPrefix } from '../../../src/core/path.ts';

/** By 32 bits of FNV-1a; found by trying. */
const COLLIDING = ['/2pf8', '/jrj6'] as const;

interface AtPath {
  readonly path: string;
  readonly conditions: unknown;
}

const at = (path: string): AtPath => ({ path, conditions: undefined });

const HOST = seedOf(0);
const OTHER_HOST = seedOf(1);

type Paths = Partial<Record<'exact' | 'prefix' | 'text', readonly string[]>>;

const to = (paths: readonly string[] = []): Map<string, AtPath | undefined> =>
  new Map(paths.map(path => [path, at(path)]));

const changesTo = ({ exact, prefix, text }: Paths, seed = HOST): PathChanges<AtPath> => ({
  seed,
  exact: to(exact),
  prefix: to(prefix),
  text: to(text),
});

/** What paths of a host lead to. */
const of = (index: PathIndex<AtPath>, seed = HOST) => ({
  find: (path: string) => index.leadOf(index.find(seed, path)),
  exactAt: (path: string) => index.exactAt(seed, path),
  prefixesOf: (path: string) => index.prefixesOf(seed, path),
});

const indexOf = (paths: Paths) => of(new PathIndex([changesTo(paths)]));

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
    const changes = {
      seed: HOST,
      exact: new Map(),
      prefix: new Map([['/foo', bySegments]]),
      text: new Map([['/foo', byCharacters]]),
    };
    const both = of(new PathIndex([changes]));
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
    fc.property(sets, sets, sets, sets, path, (first, elsewhere, come, gone, asked) => {
      const before = new PathIndex([changesTo(first), changesTo(elsewhere, OTHER_HOST)]);
      const now = { ...first };
      const changes = { seed: HOST, exact: to(), prefix: to(), text: to() };
      for (const kind of ['exact', 'prefix', 'text'] as const) {
        for (const each of gone[kind]) if (first[kind].includes(each)) changes[kind].set(each, undefined);
        for (const each of come[kind]) changes[kind].set(each, at(each));
        now[kind] = [...new Set([...first[kind], ...come[kind]])].filter(
          each => come[kind].includes(each) || !gone[kind].includes(each),
        );
      }
      const found = (index: ReturnType<typeof of>) => [
        index.find(asked)?.path,
        index.exactAt(asked)?.path,
        index.prefixesOf(asked).map(each => each.path),
      ];
      const after = new PathIndex([changes], before);
      assert.deepEqual(found(of(after)), found(indexOf(now)));
      assert.deepEqual(found(of(after, OTHER_HOST)), found(indexOf(elsewhere)));
      assert.deepEqual(found(of(before)), found(indexOf(first)));
    }),
    { numRuns: 3_000 },
  );
});

it('a path of two hosts with the same hash leads each to its own', () => {
  // The seed that makes the hash of the other path what it is for this one, one step back at a time.
  const [here, there] = ['/a/b', '/b'] as const;
  const seed = seedLeadingTo(hashOf(HOST, here), there);
  assert.equal(hashOf(seed, there), hashOf(HOST, here));
  const both = new PathIndex([changesTo({ prefix: [here] }), changesTo({ prefix: [there] }, seed)]);
  for (const tail of ['', '/x']) {
    assert.equal(of(both).find(`${here}${tail}`)?.path, here);
    assert.equal(of(both).find(`${there}${tail}`), undefined);
    assert.equal(of(both, seed).find(`${there}${tail}`)?.path, there);
    assert.equal(of(both, seed).find(`${here}${tail}`), undefined);
  }
});

it('says whether what a path leads to has conditions, also where that changes', () => {
  const plain = new PathIndex([changesTo({ prefix: ['/a', '/b'] })]);
  assert.equal(plain.takesAll(plain.find(HOST, '/a/1')), true);
  const asking = { ...at('/a'), conditions: [] };
  const changes = { ...changesTo({}), prefix: new Map([['/a', asking]]) };
  const after = new PathIndex([changes], plain);
  assert.equal(after.takesAll(after.find(HOST, '/a/1')), false);
  assert.equal(after.takesAll(after.find(HOST, '/b/1')), true);
  assert.equal(after.leadOf(after.find(HOST, '/a/1')), asking);
});

const seedLeadingTo = (hash: number, path: string): number => {
  let seed = hash;
  for (const unit of [...path].reverse()) seed = Math.imul(seed, INVERSE) ^ unit.charCodeAt(0);
  return seed;
};

/** Of FNV's prime, modulo 2^32. */
const INVERSE = 0x359c449b;
