import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SessionSeal } from '../../../src/core/route/session-seal.ts';
import { instance } from '../build.ts';

const ONE = instance({ service: 's', serviceId: 's-1', address: '10.0.0.1', port: 80 });
const OTHER = instance({ service: 's', serviceId: 's-2', address: '10.0.0.2', port: 80 });
const seal = new SessionSeal('a key');
const TOKEN = { instance: seal.nameOf(ONE), began: 1_700_000_000_000, seen: 1_700_000_060_000 };
const TEXT = seal.write('default/shop/0', TOKEN);

describe('the token of a session', () => {
  it('is read as it was written, by whoever has the key', () => {
    assert.deepEqual(new SessionSeal('a key').read('default/shop/0', TEXT), TOKEN);
  });

  it('is the same in every release, or a roll-out would end all sessions', () => {
    assert.equal(TEXT, 'ZVwCjCAVE_9HSlTc.loyw3v28.loyw55cw.nvL015t2Lmtwq3egFHn55w');
  });

  it('says nothing of the instance to anybody else', () => {
    assert.notEqual(seal.nameOf(ONE), seal.nameOf(OTHER));
    assert.notEqual(seal.nameOf(ONE), new SessionSeal('another').nameOf(ONE));
    assert.doesNotMatch(TEXT, /10\.0|s-1/);
  });

  it('has only characters that cookies may have', () => assert.match(TEXT, /^[\w.-]+$/));

  const parts = TEXT.split('.');
  const put = (index: number, part: string): string => parts.with(index, part).join('.');
  const forged: Readonly<Record<string, string>> = {
    'for another instance': put(0, seal.nameOf(OTHER)),
    'made younger': put(1, (TOKEN.began + 1).toString(36)),
    'seen later': put(2, (TOKEN.seen + 1).toString(36)),
    'with a signature of nothing': put(3, 'A'.repeat(22)),
    'without a signature': parts.slice(0, 3).join('.'),
    'with something behind it': `${TEXT}.`,
    'of nothing': '',
    'of anything': 'zzz',
    'of very much': 'a'.repeat(8_192),
  };
  for (const [name, text] of Object.entries(forged)) {
    it(`is not read: one ${name}`, () => assert.equal(seal.read('default/shop/0', text), undefined));
  }
  it('is not read by another rule, nor with another key', () => {
    assert.equal(seal.read('default/shop/1', TEXT), undefined);
    assert.equal(new SessionSeal('another').read('default/shop/0', TEXT), undefined);
  });
});
