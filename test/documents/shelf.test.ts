import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unreadable } from '../../src/documents/reader.ts';
import { EMPTY_SHELF, restock, type Shelf, type Source } from '../../src/documents/shelf.ts';
import { readText } from '../../src/documents/text.ts';

const document = (name: string, service: string): string =>
  `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: ${name}}, spec: {rules: [{backendRefs: [{name: ${service}}]}]}}`;

const source = (name: string, ...documents: readonly string[]): Source => ({
  name,
  documents: readText(documents.join('\n---\n')),
});

/** `name -> service`, with `!` where it is what stood there before. */
const inForce = ({ routes }: Shelf): string[] =>
  routes.map(({ route, isOutdated }) => {
    const service = route.rules[0]?.backends[0]?.service;
    return `${route.name.replace('default/', '')} -> ${service}${isOutdated ? '!' : ''}`;
  });

const A = document('a', 'one');
const B = document('b', 'one');
const C = document('c', 'one');

describe('what is in force after a change', () => {
  const before = restock(EMPTY_SHELF, [source('x', A, B), source('y', C)]);
  const cases: readonly [name: string, sources: readonly Source[], wanted: readonly string[]][] = [
    ['nothing changed', [source('x', A, B), source('y', C)], ['a -> one', 'b -> one', 'c -> one']],
    [
      'another service',
      [source('x', document('a', 'two'), B), source('y', C)],
      ['a -> two', 'b -> one', 'c -> one'],
    ],
    ['a document is taken away', [source('x', A), source('y', C)], ['a -> one', 'c -> one']],
    ['a source is taken away', [source('y', C)], ['c -> one']],
    ['a source is emptied', [source('x'), source('y', C)], ['c -> one']],
    [
      'one document goes bad',
      [source('x', A, B.replace('rules', 'rule')), source('y', C)],
      ['a -> one', 'c -> one', 'b -> one!'],
    ],
    [
      'one goes bad and its name with it',
      [source('x', A, B.replace('name: b', 'nam: b')), source('y', C)],
      ['a -> one', 'c -> one', 'b -> one!'],
    ],
    [
      'one goes bad, another is taken away',
      [source('x', A.replace('rules', 'rule')), source('y', C)],
      ['c -> one', 'a -> one!'],
    ],
    [
      'a file is cut in the middle',
      [source('x', A, B.slice(0, 60)), source('y', C)],
      ['a -> one', 'c -> one', 'b -> one!'],
    ],
    [
      'a source turns to rubbish',
      [source('x', '}{'), source('y', C)],
      ['c -> one', 'a -> one!', 'b -> one!'],
    ],
    [
      "a source can't be read",
      [{ name: 'x', documents: unreadable('gone') }, source('y', C)],
      ['c -> one', 'a -> one!', 'b -> one!'],
    ],
    [
      'a document moves while another goes bad',
      [source('x', A, 'rubbish'), source('y', C, document('b', 'two'))],
      ['a -> one', 'c -> one', 'b -> two'],
    ],
    ['a document moves', [source('x', A), source('y', C, B)], ['a -> one', 'c -> one', 'b -> one']],
    [
      'a new document is bad',
      [source('x', A, B), source('y', C), source('z', document('d', '[]'))],
      ['a -> one', 'b -> one', 'c -> one'],
    ],
  ];
  for (const [name, sources, wanted] of cases) {
    it(name, () => assert.deepEqual(inForce(restock(before, sources)), wanted));
  }

  it('the last good one outlasts further mistakes', () => {
    const bad = source('x', A, B.replace('rules', 'rule'));
    const worse = source('x', A, B.replace('spec', 'spce'));
    const after = restock(restock(before, [bad]), [worse]);
    assert.deepEqual(inForce(after), ['a -> one', 'b -> one!']);
    assert.deepEqual(inForce(restock(after, [source('x', A, B)])), ['a -> one', 'b -> one']);
  });
  it('what stays the same stays the same object', () => {
    const documents = readText(A);
    const first = restock(EMPTY_SHELF, [{ name: 'x', documents }]);
    const second = restock(first, [{ name: 'x', documents }, source('y', C)]);
    assert.equal(second.routes[0], first.routes[0]);
  });
});

describe('two documents of one name', () => {
  it('the first counts, and the other is told where that is', () => {
    const shelf = restock(EMPTY_SHELF, [source('y', document('a', 'two')), source('x', A)]);
    assert.deepEqual(inForce(shelf), ['a -> one']);
    const [problem] = shelf.problems;
    assert.equal(problem?.source, 'y');
    assert.match(problem?.message ?? '', /"default\/a" is defined by x:1 already/);
  });
  it('in one file, too', () => {
    const { routes, problems } = restock(EMPTY_SHELF, [source('x', A, document('a', 'two'))]);
    assert.equal(routes.length, 1);
    assert.deepEqual(
      problems.map(({ line }) => line),
      [3],
    );
  });
});
