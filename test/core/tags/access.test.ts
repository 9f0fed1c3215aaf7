import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readSluiceTags } from '../../../src/core/tags/sluice/read.ts';

const read = (...tags: string[]) =>
  readSluiceTags({ tags: ['path=/a', ...tags], address: '10.1.2.3', port: 8080 }, { tagPrefix: '' });

describe('allow and deny', () => {
  const cases: [name: string, tags: string[], filters: unknown][] = [
    ['nobody is kept out unless said', [], undefined],
    ['who may', ['allow=10.0.0.0/8'], [{ type: 'access', allow: ['10.0.0.0/8'] }]],
    ['who may not', ['deny=192.0.2.7'], [{ type: 'access', deny: ['192.0.2.7'] }]],
    [
      'both, in lists and in several tags',
      ['allow=10.0.0.0/8, 2001:db8::/32', 'allow=192.0.2.0/24', 'deny=10.0.0.66'],
      [{ type: 'access', allow: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.0/24'], deny: ['10.0.0.66'] }],
    ],
  ];
  for (const [name, tags, filters] of cases) {
    it(name, () => {
      const { rules, problems } = read(...tags);
      assert.deepEqual(rules[0]?.filters, filters);
      assert.equal(rules[0]?.isClosed, undefined);
      assert.deepEqual(problems, []);
    });
  }

  for (const tag of [
    'allow=',
    'allow=office',
    'deny=10.0.0.0/33',
    'allow=10.0.0.0/8,',
    'deny=10.0.0.1-10.0.0.9',
  ]) {
    it(`${tag} keeps the match, and nobody is served by it`, () => {
      const { rules, problems } = read(tag);
      assert.equal(rules[0]?.isClosed, true);
      assert.deepEqual(
        problems.map(({ tag, fatal }) => ({ tag, fatal })),
        [{ tag, fatal: false }],
      );
    });
  }
});

it('rewrite-host=instance is the address and port of the instance', () => {
  assert.deepEqual(read('rewrite-host=instance').rules[0]?.use, { host: '10.1.2.3:8080' });
  assert.deepEqual(read('rewrite-host=Instance').rules[0]?.use, { host: '10.1.2.3:8080' });
  assert.deepEqual(read('rewrite-host=shop.internal').rules[0]?.use, { host: 'shop.internal' });
});
