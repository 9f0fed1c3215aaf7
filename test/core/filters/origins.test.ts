import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileOrigins } from '../../../src/core/filters/origins.ts';

const cases: [pattern: string, allowed: string[], refused: string[]][] = [
  ['*', ['https://a.example', 'http://a.example:1', 'null', 'capacitor://localhost'], []],
  [
    'https://www.foo.com',
    ['https://www.foo.com', 'https://www.foo.com:443', 'https://WWW.foo.com'],
    [
      'http://www.foo.com',
      'https://www.foo.com:8443',
      'https://foo.com',
      'https://www.foo.com.evil.example',
      'null',
      '',
    ],
  ],
  ['http://www.foo.com:80', ['http://www.foo.com'], ['http://www.foo.com:8080']],
  [
    'https://*.bar.com',
    ['https://www.bar.com', 'https://xpto.www.bar.com'],
    [
      'https://bar.com',
      'https://.bar.com',
      'https://evilbar.com',
      'http://www.bar.com',
      'https://www.bar.com:8443',
    ],
  ],
  ['https://*.bar.com:8443', ['https://www.bar.com:8443'], ['https://www.bar.com']],
  [
    'https://*',
    ['https://a.example', 'https://b'],
    ['http://a.example', 'https://a.example:8443', 'https://a.example/x'],
  ],
  ['https://*:8443', ['https://a.example:8443'], ['https://a.example']],
  ['https://*.com', ['https://a.com', 'https://b.a.com'], ['https://a.org']],
  ['http://[::1]:3000', ['http://[::1]:3000'], ['http://[::2]:3000']],
];

for (const [pattern, allowed, refused] of cases) {
  describe(pattern, () => {
    const allows = compileOrigins([pattern]);
    for (const origin of allowed) it(`allows ${origin}`, () => assert.equal(allows(origin), true));
    for (const origin of refused)
      it(`refuses ${origin || 'nothing'}`, () => assert.equal(allows(origin), false));
  });
}

it('one of several is enough, and none allows nobody', () => {
  assert.equal(compileOrigins(['https://a.example', 'https://b.example'])('https://b.example'), true);
  assert.equal(compileOrigins([])('https://b.example'), false);
});
