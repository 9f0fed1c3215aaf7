import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ParsedTags, parseTags } from '../../src/core/tags.ts';
import { readWeight } from '../../src/core/weights.ts';

const parse = (tags: readonly string[], prefix?: string): ParsedTags => parseTags({ tags }, prefix);

describe('what tags say', () => {
  const table: [name: string, tags: string[], expected: Partial<ParsedTags>][] = [
    ['no tags: in the catalog, not exposed', [], { version: 'default', matches: [] }],
    ['a path', ['path=/orders'], { matches: [{ kind: 'prefix', path: '/orders' }] }],
    [
      'a trailing slash is no other prefix',
      ['path=/orders/'],
      { matches: [{ kind: 'prefix', path: '/orders' }] },
    ],
    ['an exact path keeps its slash', ['exact=/a/'], { matches: [{ kind: 'exact', path: '/a/' }] }],
    [
      'keys in any case',
      ['PATH=/a', 'Version=v1'],
      { version: 'v1', matches: [{ kind: 'prefix', path: '/a' }] },
    ],
    ['the root', ['path=/'], { matches: [{ kind: 'prefix', path: '/' }] }],
    [
      'a host alone is its root',
      ['host=Shop.Example.com'],
      { matches: [{ host: 'shop.example.com', kind: 'prefix', path: '/' }] },
    ],
    [
      'every path on every host',
      ['path=/a', 'exact=/b', 'host=x.test', 'host=*.y.test'],
      {
        matches: [
          { host: 'x.test', kind: 'exact', path: '/b' },
          { host: 'x.test', kind: 'prefix', path: '/a' },
          { host: '*.y.test', kind: 'exact', path: '/b' },
          { host: '*.y.test', kind: 'prefix', path: '/a' },
        ],
      },
    ],
    [
      'the same path twice is one match',
      ['path=/a', 'path=/a/'],
      { matches: [{ kind: 'prefix', path: '/a' }] },
    ],
    [
      'other people’s tags are passed over',
      ['primary', 'env=prod', 'urlprefix-/x'],
      { matches: [], problems: [] },
    ],
    ['weight and strip', ['weight=5', 'strip=/api'], { weight: 5, strip: '/api' }],
    ['strip=true', ['strip=TRUE'], { strip: true }],
    ['weight 0 is a weight', ['weight=0'], { weight: 0 }],
    [
      'escapes of unreserved characters are decoded',
      ['path=/%7euser'],
      { matches: [{ kind: 'prefix', path: '/~user' }] },
    ],
    [
      'what URLs cannot hold is escaped as clients do it',
      ['path=/größe/{id}/🍎'],
      { matches: [{ kind: 'prefix', path: '/gr%C3%B6%C3%9Fe/%7Bid%7D/%F0%9F%8D%8E' }] },
    ],
    [
      'how its traffic is handled',
      ['balance=Round-Robin', 'retries=0', 'timeout=1.5s'],
      { settings: { balance: 'round-robin', retries: 0, timeout: 1_500 } },
    ],
    [
      'what is hashed by is hashed',
      ['hash=header:X-User'],
      { settings: { balance: 'hash', hash: { of: 'header', name: 'x-user' } } },
    ],
    [
      'names of cookies are told by case',
      ['hash=cookie:SID', 'balance=hash'],
      { settings: { balance: 'hash', hash: { of: 'cookie', name: 'SID' } } },
    ],
    ['the client address', ['hash=address'], { settings: { balance: 'hash', hash: { of: 'address' } } }],
  ];
  for (const [name, tags, expected] of table) {
    it(name, () => assert.deepEqual({ ...parse(tags), ...expected }, parse(tags)));
  }

  it('reads only prefixed keys when a prefix is set', () => {
    const parsed = parse(['path=/no', 'Sluice.path=/yes', 'sluice.version=v3'], 'sluice.');
    assert.deepEqual(parsed.matches, [{ kind: 'prefix', path: '/yes' }]);
    assert.equal(parsed.version, 'v3');
  });
});

describe('bad tags cost what they would have said, and no more', () => {
  const bad: [name: string, tags: string[], tag: string, fatal: boolean][] = [
    ['a path without a slash', ['path=orders'], 'path=orders', false],
    ['an empty path', ['path='], 'path=', false],
    ['a path with a query', ['path=/a?b=c'], 'path=/a?b=c', false],
    ['a path with a wildcard', ['path=/a/*'], 'path=/a/*', false],
    ['a path that climbs', ['path=/a/../b'], 'path=/a/../b', false],
    ['a path that climbs in disguise', ['path=/a/%2E%2e/b'], 'path=/a/%2E%2e/b', false],
    ['a broken escape', ['path=/%zz'], 'path=/%zz', false],
    ['half a character', ['path=/\ud83c'], 'path=/\ud83c', false],
    ['a host with a port', ['host=a.test:80'], 'host=a.test:80', false],
    ['a wildcard in the middle', ['host=a.*.test'], 'host=a.*.test', false],
    ['a negative weight', ['weight=-1'], 'weight=-1', false],
    ['a weight that is no number', ['weight=NaN'], 'weight=NaN', false],
    ['a huge weight', ['weight=1e99'], 'weight=1e99', false],
    ['a bad version would be served as the wrong one', ['version=v 2'], 'version=v 2', true],
    ['two versions', ['version=v1', 'version=v2'], 'version=v2', true],
    ['a bad strip would send the wrong path', ['strip=orders'], 'strip=orders', true],
    ['a balance that nobody knows', ['balance=fastest'], 'balance=fastest', false],
    ['a hash of nothing', ['hash=header:'], 'hash=header:', false],
    ['a hash of what there is not', ['hash=body'], 'hash=body', false],
    ['too many retries', ['retries=11'], 'retries=11', false],
    ['a time-out without a unit', ['timeout=2'], 'timeout=2', false],
    ['a time-out of nothing', ['timeout=0s'], 'timeout=0s', false],
    ['a condition that this release cannot hold', ['method=GET'], 'method=GET', true],
  ];
  for (const [name, tags, tag, fatal] of bad) {
    it(name, () => {
      const { problems } = parse(tags);
      assert.equal(problems.length, 1);
      assert.deepEqual([problems[0]?.tag, problems[0]?.fatal], [tag, fatal]);
    });
  }

  it('a good path beside a bad one is kept', () =>
    assert.deepEqual(parse(['path=bad', 'path=/good']).matches, [{ kind: 'prefix', path: '/good' }]));
  it('a bad host never widens its path to every host', () =>
    assert.deepEqual(parse(['path=/admin', 'host=bad host']).matches, []));
  it('a bad path never widens its host to every path', () =>
    assert.deepEqual(parse(['path=admin', 'host=a.test']).matches, []));
});

describe('readWeight', () => {
  for (const text of ['0', '5', '95.5', '.5', '1e3', '1000000000']) {
    it(`takes ${text}`, () => assert.equal(readWeight(text), Number(text)));
  }
  for (const text of ['', ' ', '-0', '+1', 'NaN', 'Infinity', '0x10', '1,5', '5%', '1e10', '1_000', 'five']) {
    it(`refuses "${text}"`, () => assert.equal(readWeight(text), undefined));
  }
});
