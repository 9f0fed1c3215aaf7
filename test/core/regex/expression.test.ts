import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RE2JS } from 're2js';
import { expressionOf, faultOf } from '../../../src/core/regex/expression.ts';

const fits = (pattern: string, text: string): boolean => expressionOf('test', pattern).fits(text);

describe('an expression fits the whole of a text', () => {
  const table: [pattern: string, text: string, fits: boolean][] = [
    ['/users/[0-9]+', '/users/7', true],
    ['/users/[0-9]+', '/users/7/', false],
    ['/users/[0-9]+', 'x/users/7', false],
    ['^/users/[0-9]+$', '/users/7', true],
    ['a|ab', 'ab', true],
    ['', '', true],
    ['', 'a', false],
    ['$^', '', true],
    ['a$b', 'ab', false],
    ['.', '\n', false],
    ['(?s).', '\n', true],
    ['(?i)straße', 'STRAßE', true],
    ['(?i)k', '\u212a', true],
    ['[^a]', '€', true],
    ['\\pL+', 'äЖ文', true],
    ['.', '😀', true],
    ['..', '😀', false],
    ['[😀-😂]', '😁', true],
    ['.', '\ud83d', true],
    ['\\x{e9}', 'é', true],
    ['[[:alpha:]]{3}', 'abc', true],
  ];
  for (const [pattern, text, expected] of table) {
    it(`${JSON.stringify(text)} ${expected ? 'by' : 'not by'} ${pattern}`, () => {
      assert.equal(fits(pattern, text), expected);
      assert.equal(RE2JS.matches(pattern, text), expected);
    });
  }
});

describe('what would need more than is good', () => {
  const greedy = ['.*a.{20}', '(a|b)*a(a|b){12}', '(a?){500}a{500}', '(.*a){12}.*b.{12}'];
  for (const pattern of greedy) {
    it(`${pattern} is refused at once`, () => {
      const begun = performance.now();
      assert.match(faultOf(pattern) ?? '', /^the expression needs too many states/);
      assert.ok(performance.now() - begun < 500, `${performance.now() - begun} ms`);
    });
  }

  it('what is known to take others for ever takes microseconds', () => {
    const path = `/${'x'.repeat(8_190)}`;
    for (const pattern of ['(x+x+)+y', '/(x+)+y', '/(.*x){5}', '(/[^/]*)*y']) {
      const expression = expressionOf('slow', pattern);
      const begun = performance.now();
      for (let i = 0; i < 100; i++) expression.fits(`${path}${i % 10}`);
      const each = (performance.now() - begun) / 100;
      assert.ok(each < 2, `${pattern}: ${each} ms`);
    }
  });
});

it('who asks the same shares an expression, and a faulty one is told each time', () => {
  assert.equal(expressionOf('path', '/shared/.*'), expressionOf('path', '/shared/.*'));
  assert.notEqual(expressionOf('path', '/shared/.*'), expressionOf('header x', '/shared/.*'));
  for (let i = 0; i < 2; i++) assert.throws(() => expressionOf('path', '('), /missing closing/);
});
