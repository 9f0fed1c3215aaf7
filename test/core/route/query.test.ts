import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readQuery } from '../../../src/core/route/query.ts';

describe('parameters of a query', () => {
  const table: [query: string, parameters: Record<string, string>][] = [
    ['', {}],
    ['?', {}],
    ['?a=1', { a: '1' }],
    ['?a=1&b=2', { a: '1', b: '2' }],
    ['?a=1&a=2', { a: '1' }],
    ['?a', { a: '' }],
    ['?a&b=1', { a: '', b: '1' }],
    ['?a=b=c', { a: 'b=c' }],
    ['?&&a=1&', { a: '1' }],
    ['?=1', { '': '1' }],
    ['?A=1&a=2', { A: '1', a: '2' }],
    ['?a+b=c+d', { 'a b': 'c d' }],
    ['?%61=%E2%82%AC%20x', { a: '€ x' }],
    ['?a=%zz&b=%', { a: '%zz', b: '%' }],
    ['?a=%FF%41', { a: '%FF%41' }],
    ['?a=1;b=2', { a: '1;b=2' }],
    ['?a?b=1', { 'a?b': '1' }],
  ];
  for (const [query, parameters] of table) {
    it(query, () => assert.deepEqual(Object.fromEntries(readQuery(query)), parameters));
  }
});
