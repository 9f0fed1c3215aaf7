import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EMPTY_SHELF, restock } from '../../src/documents/shelf.ts';
import { readText } from '../../src/documents/text.ts';
import { fuzz } from '../support/fuzz.ts';
import { withRule } from './marked.ts';

const GOOD = withRule(
  `matches: [{path: {type: Exact, value: /a}, headers: [{name: x, value: y}]}],
    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}]}}],
    timeouts: {request: 5s}, retry: {codes: [503], attempts: 2}, backendRefs: [{name: orders, weight: 3}]`,
);

/** A field anywhere in a document, from the words that documents are made of and from others. */
const word = fc.oneof(
  fc.constantFrom(
    ...[
      'spec',
      'rules',
      'matches',
      'path',
      'type',
      'value',
      'filters',
      'backendRefs',
      'name',
      'weight',
      'kind',
    ],
    ...['HTTPRoute', 'Exact', '/a', 'GET', 'cors', 'CORS', 'retry', 'timeouts', '__proto__', 'items', 'List'],
  ),
  fc.string({ maxLength: 8 }),
);
const { tree } = fc.letrec(tie => ({
  tree: fc.oneof(
    { depthSize: 'medium' },
    word,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(word, tie('tree'), { maxKeys: 5 }),
  ),
}));

describe('whatever a text says', () => {
  it('no text at all can make the reader fail', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), text => {
        for (const { route, problems } of readText(text))
          assert.ok(route !== undefined || problems.length > 0);
      }),
      fuzz(),
    );
  });

  it('a tree of any shape is refused or good, with a place for each problem', () => {
    fc.assert(
      fc.property(tree, value => {
        const text = JSON.stringify(value);
        for (const { route, problems } of readText(text)) {
          assert.equal(
            route === undefined,
            problems.some(({ severity }) => severity === 'error'),
          );
          for (const { line, column } of problems) {
            assert.equal(line, 1);
            assert.ok(column >= 1 && column <= text.length + 1);
          }
        }
      }),
      fuzz(),
    );
  });

  it('a good text with some characters changed gives no rule that the good one did not, or is told of, or is good', () => {
    fc.assert(
      fc.property(fc.nat(GOOD.length - 1), fc.nat(6), fc.string({ maxLength: 3 }), (at, cut, put) => {
        const text = GOOD.slice(0, at) + put + GOOD.slice(at + cut);
        for (const { route, problems } of readText(text)) {
          if (route === undefined) assert.ok(problems.some(({ severity }) => severity === 'error'));
          for (const { backends, matches } of route?.rules ?? []) {
            assert.ok(matches.every(({ kind, path }) => kind === 'regex' || path.startsWith('/')));
            assert.ok(backends.every(({ weight }) => Number.isInteger(weight) && weight >= 0));
          }
        }
      }),
      fuzz(),
    );
  });

  it('a route in force is the last good one of its name, however often its text goes bad', () => {
    const step = fc.record({ service: fc.constantFrom('one', 'two', 'three'), isBad: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), steps => {
        let shelf = EMPTY_SHELF;
        let last: string | undefined;
        for (const { service, isBad } of steps) {
          const text = withRule(`${isBad ? 'colour: red, ' : ''}backendRefs: [{name: ${service}}]`);
          shelf = restock(shelf, [{ name: 'x', documents: readText(text) }]);
          if (!isBad) last = service;
          assert.equal(shelf.routes[0]?.route.rules[0]?.backends[0]?.service, last);
        }
      }),
      { numRuns: 50 },
    );
  });
});
