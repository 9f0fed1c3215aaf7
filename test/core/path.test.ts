import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isPathPrefix, normalisePath, stripPrefix } from '../../src/core/path.ts';

describe('normalisePath', () => {
  const table: [from: string, to: string | undefined][] = [
    ['/', '/'],
    ['/orders/1', '/orders/1'],
    ['/a.b/.hidden', '/a.b/.hidden'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/..', '/'],
    ['/a/.', '/a/'],
    ['/..', undefined],
    ['/a/../../b', undefined],
    ['/%2e%2e/etc', undefined],
    ['/%7Euser', '/~user'],
    ['/a%2fb', '/a%2Fb'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/%', undefined],
    ['/%1', undefined],
    ['/%zz', undefined],
    ['/a\\b', undefined],
    ['/a//b', '/a//b'],
  ];
  for (const [from, to] of table) it(`${from} -> ${to}`, () => assert.equal(normalisePath(from), to));

  it('is a fixed point after one pass', () => {
    const segment = fc.constantFrom('a', '.', '..', '%2e', '%2E%2e', '%41', '%2f', '', '...', 'x%7e');
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 8 }), segments => {
        const once = normalisePath(`/${segments.join('/')}`);
        if (once !== undefined) assert.equal(normalisePath(once), once);
      }),
    );
  });
});

describe('prefixes by whole segments', () => {
  it('covers itself and what is below', () => {
    assert.ok(isPathPrefix('/orders', '/orders'));
    assert.ok(isPathPrefix('/orders', '/orders/1'));
    assert.ok(isPathPrefix('/', '/anything'));
    assert.ok(!isPathPrefix('/orders', '/ordersX'));
    assert.ok(!isPathPrefix('/orders/1', '/orders'));
  });
  it('strips to a path', () => {
    assert.equal(stripPrefix('/orders', '/orders'), '/');
    assert.equal(stripPrefix('/orders/1', '/orders'), '/1');
    assert.equal(stripPrefix('/ordersX', '/orders'), '/ordersX');
    assert.equal(stripPrefix('/x', '/'), '/x');
  });
});
