import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AddressSet, isAddressBlock } from '../../src/core/address-set.ts';

describe('blocks of addresses', () => {
  const texts: [text: string, sound: boolean][] = [
    ['10.0.0.7', true],
    ['10.0.0.0/8', true],
    ['0.0.0.0/0', true],
    ['2001:db8::/32', true],
    ['::1', true],
    ['::1/128', true],
    ['10.0.0.0/33', false],
    ['::/129', false],
    ['10.0.0.0/', false],
    ['10.0.0.0/-1', false],
    ['10.0.0.0/8/8', false],
    ['10.0.0', false],
    ['localhost', false],
    ['', false],
  ];
  for (const [text, sound] of texts) {
    it(`${JSON.stringify(text)} is ${sound ? 'one' : 'none'}`, () =>
      assert.equal(isAddressBlock(text), sound));
  }
});

describe('a set of addresses', () => {
  const cases: [blocks: string[], address: string, has: boolean][] = [
    [['10.0.0.0/8'], '10.255.0.1', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['10.0.0.7'], '10.0.0.7', true],
    [['10.0.0.7'], '10.0.0.8', false],
    [['0.0.0.0/0'], '192.0.2.1', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['2001:db8::/32'], '2001:db8:0:1::', true],
    [['2001:db8::/32'], '2001:db9::', false],
    [['10.0.0.0/8', '::1'], '::1', true],
    [['10.0.0.0/8', '::1'], '10.0.0.1', true],
    [['::1', '10.0.0.0/8'], '0.0.0.1', false],
    [['10.0.0.77/8'], '10.0.0.1', true],
    [['128.0.0.0/1'], '255.255.255.255', true],
    [['128.0.0.0/1'], '127.255.255.255', false],
    [['255.255.255.255'], '255.255.255.255', true],
    [['10.0.0.0/8'], '::ffff:10.0.0.1', true],
    [['10.0.0.0/8'], '::ffff:a00:1', true],
    [['::ffff:10.0.0.0/104'], '10.0.0.1', true],
    [['0:0:0:0:0:ffff:0a00::/104'], '10.0.0.1', true],
    [['::/0'], '10.0.0.1', true],
    [['fe80::/10'], 'fe80::1', true],

    [['0.0.0.0/0'], 'nonsense', false],
    [['0.0.0.0/0'], '', false],
    [[], '10.0.0.1', false],
  ];
  for (const [blocks, address, has] of cases) {
    it(`${address || 'no address'} ${has ? 'is' : 'is not'} in ${blocks.join(', ') || 'nothing'}`, () =>
      assert.equal(new AddressSet(blocks).has(address), has));
  }
});
