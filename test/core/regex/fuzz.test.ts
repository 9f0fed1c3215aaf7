import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { expressionOf, faultOf } from '../../../src/core/regex/expression.ts';
import { fuzz } from '../../support/fuzz.ts';

const fits = (pattern: string, text: string): boolean => expressionOf('test', pattern).fits(text);

it('any expression says of any text what RE2 says', () => {
  const atom = fc.constantFrom(
    'a',
    'b',
    'é',
    '€',
    '😀',
    '.',
    '[ab]',
    '[^a]',
    '\\d',
    '\\w',
    '\\PL',
    '1',
    '(?i:k)',
    '^',
    '$',
    '[a-€]',
  );
  const pattern = fc.letrec<{ tree: string }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => a + b),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(?:${a}|${b})`),
      fc
        .tuple(tie('tree'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?'))
        .map(([a, times]) => `(?:${a})${times}`),
    ),
  })).tree;
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'k', 'K', '\u212a', '1', 'é', '€', '😀', '\n', '\ud83d'),
    maxLength: 8,
  });
  let fitting = 0;
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 8, maxLength: 8 }), (p, texts) => {
      if (faultOf(p) !== undefined) return;
      const re2 = RE2JS.compile(p);
      for (const each of texts) {
        assert.equal(fits(p, each), re2.matches(each), `${p} on ${JSON.stringify(each)}`);
        if (re2.matches(each)) fitting += 1;
      }
    }),
    fuzz(),
  );
  assert.ok(fitting > 100, `only ${fitting} fitted`);
});
