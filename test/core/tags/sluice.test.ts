import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PathChange, RateLimitFilter } from '../../../src/core/model/filter.ts';
import type { Match } from '../../../src/core/model/match.ts';
import { readWeight } from '../../../src/core/model/weights.ts';
import type { TagsSaid } from '../../../src/core/tags/dialect.ts';
import { readSluiceTags } from '../../../src/core/tags/sluice/read.ts';

interface Said extends Omit<TagsSaid, 'rules'> {
  readonly matches: readonly Match[];
}

const parse = (tags: readonly string[], tagPrefix = ''): Said => {
  const { rules, ...said } = readSluiceTags({ tags }, { tagPrefix });
  return { ...said, matches: rules.map(({ match }) => match) };
};

describe('what tags say', () => {
  const table: [name: string, tags: string[], expected: Partial<Said>][] = [
    ['no tags: in the catalog, not exposed', [], { matches: [] }],
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
    ['a weight', ['weight=5'], { weight: 5 }],
    [
      'a match for each method',
      ['path=/a', 'method=get, HEAD', 'method=GET'],
      {
        matches: [
          { kind: 'prefix', path: '/a', method: 'GET' },
          { kind: 'prefix', path: '/a', method: 'HEAD' },
        ],
      },
    ],
    [
      'conditions, all of them on every match',
      ['path=/a', 'header=X-Tenant: acme', 'header=x-beta', 'header=x-v:~v[0-9]', 'query=q:~~x', 'query=B:'],
      {
        matches: [
          {
            kind: 'prefix',
            path: '/a',
            headers: [
              { name: 'x-tenant', kind: 'exact', value: 'acme' },
              { name: 'x-beta', kind: 'present', value: '' },
              { name: 'x-v', kind: 'regex', value: 'v[0-9]' },
            ],
            query: [
              { name: 'q', kind: 'regex', value: '~x' },
              { name: 'B', kind: 'exact', value: '' },
            ],
          },
        ],
      },
    ],
    ['the protocol that is spoken', ['proto=H2C'], { problems: [], protocol: 'h2c' }],
    ['what its certificate names', ['tls-server-name=Orders.internal'], { serverName: 'orders.internal' }],
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
    ['a method that is none', ['method=GET POST'], 'method=GET POST', true],
    ['no method', ['method=GET,'], 'method=GET,', true],
    ['a header that is none', ['header=x tenant:acme'], 'header=x tenant:acme', true],
    ['an expression that is none', ['header=x-v:~['], 'header=x-v:~[', true],
    ['a parameter without a name', ['query=:1'], 'query=:1', true],
    ['a rewrite of no path', ['rewrite=new'], 'rewrite=new', true],
    ['a limit that is none', ['path=/a', 'rate-limit=many'], 'rate-limit=many', true],
    ['a limit of nothing', ['path=/a', 'rate-limit=0/s'], 'rate-limit=0/s', true],
    ['a limit per week', ['path=/a', 'rate-limit=5/w'], 'rate-limit=5/w', true],
    ['a limit for longer than a day', ['path=/a', 'rate-limit=5/48h'], 'rate-limit=5/48h', true],
    ['an unknown option', ['path=/a', 'rate-limit=5/s,bust=2'], 'rate-limit=5/s,bust=2', true],
    ['a limit by the path', ['path=/a', 'rate-limit=5/s,by=path'], 'rate-limit=5/s,by=path', true],
    ['a scope of its own', ['path=/a', 'rate-limit=5/s,scope=mine'], 'rate-limit=5/s,scope=mine', true],
    ['a burst for years', ['path=/a', 'rate-limit=1/d,burst=99'], 'rate-limit=1/d,burst=99', true],
    ['a host that cannot be sent', ['rewrite-host=a b'], 'rewrite-host=a b', true],
    ['a protocol that nobody speaks', ['proto=h3'], 'proto=h3', true],
    ['a server name that is none', ['tls-server-name=a b'], 'tls-server-name=a b', true],
    ['a strip that fits no path', ['path=/a', 'strip=/b'], 'strip=/b', false],
    ['strip and rewrite at once', ['path=/a', 'strip=/a', 'rewrite=/b'], 'strip=/a', true],
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

it('as many matches as nobody means are none', () => {
  const many = Array.from({ length: 40 }, (_, i) => [`path=/${i}`, `host=h${i}.test`]).flat();
  const said = parse([...many]);
  assert.deepEqual(said.matches, []);
  assert.deepEqual(
    said.problems.map(({ tag, fatal }) => [tag, fatal]),
    [['path=/39', true]],
  );
});

describe('what the instance is sent', () => {
  const table: [name: string, tags: string[], path: PathChange | undefined, host?: string][] = [
    ['its path as it came', ['path=/a'], undefined],
    ['strip', ['path=/a/b', 'strip=/a'], { kind: 'segments', strip: ['/a'], value: '' }],
    [
      'more than what is matched',
      ['path=/a', 'strip=/a/b/'],
      { kind: 'segments', strip: ['/a/b'], value: '' },
    ],
    ['what is matched', ['path=/a', 'strip=TRUE'], { kind: 'segments', strip: ['/a'], value: '' }],
    ['strip=false', ['path=/a', 'strip=false'], undefined],
    ['more than an exact path', ['exact=/a', 'strip=/a/b'], undefined],
    ['rewrite', ['path=/a', 'rewrite=/b/'], { kind: 'segments', strip: ['/a'], value: '/b' }],
    ['rewrite of everything', ['path=/', 'rewrite=/b'], { kind: 'segments', strip: ['/'], value: '/b' }],
    ['rewrite of an exact path', ['exact=/a', 'rewrite=/b'], { kind: 'full', value: '/b' }],
    ['another host', ['path=/a', 'rewrite-host=Shop.Internal:81'], undefined, 'shop.internal:81'],
  ];
  for (const [name, tags, path, host] of table) {
    it(name, () => {
      const { use } = readSluiceTags({ tags }, { tagPrefix: '' }).rules[0] ?? {};
      assert.deepEqual([use?.path, use?.host], [path, host]);
    });
  }
});

describe('readWeight', () => {
  for (const text of ['0', '5', '95.5', '.5', '1e3', '1000000000']) {
    it(`takes ${text}`, () => assert.equal(readWeight(text), Number(text)));
  }
  for (const text of ['', ' ', '-0', '+1', 'NaN', 'Infinity', '0x10', '1,5', '5%', '1e10', '1_000', 'five']) {
    it(`refuses "${text}"`, () => assert.equal(readWeight(text), undefined));
  }
});

describe('limits', () => {
  const table: [value: string, limit: Omit<RateLimitFilter, 'type'>][] = [
    ['100/s', { requests: 100, window: 1_000 }],
    ['5/m', { requests: 5, window: 60_000 }],
    ['1000/h', { requests: 1_000, window: 3_600_000 }],
    ['1000/d', { requests: 1_000, window: 86_400_000 }],
    ['10/30s', { requests: 10, window: 30_000 }],
    ['100/s,burst=20', { requests: 100, window: 1_000, burst: 20 }],
    ['5/m, by=address', { requests: 5, window: 60_000, by: { of: 'address' } }],
    ['5/m,by=header:X-User', { requests: 5, window: 60_000, by: { of: 'header', name: 'x-user' } }],
    ['5/m,by=cookie:Id', { requests: 5, window: 60_000, by: { of: 'cookie', name: 'Id' } }],
    ['5/m,scope=local', { requests: 5, window: 60_000, isLocal: true }],
    ['5/m,scope=shared', { requests: 5, window: 60_000 }],
  ];
  for (const [value, limit] of table) {
    it(value, () => {
      const { rules, problems } = readSluiceTags(
        { tags: ['path=/a', `rate-limit=${value}`] },
        { tagPrefix: '' },
      );
      assert.deepEqual(problems, []);
      assert.deepEqual(rules[0]?.filters, [{ type: 'rate-limit', ...limit }]);
    });
  }

  it('several hold together, for each path', () => {
    const tags = ['path=/a', 'path=/b', 'rate-limit=100/s', 'rate-limit=5/m,by=address'];
    const { rules } = readSluiceTags({ tags }, { tagPrefix: '' });
    assert.deepEqual(
      rules.map(({ filters }) => filters?.length),
      [2, 2],
    );
  });
});
