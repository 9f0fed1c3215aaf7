import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Filter } from '../../../src/core/model/filter.ts';
import type { TagRule, TagsSaid } from '../../../src/core/tags/dialect.ts';
import { readTraefikTags } from '../../../src/core/tags/traefik/read.ts';

const read = (...tags: string[]): TagsSaid =>
  readTraefikTags({ tags, service: 'my_svc', address: '10.0.0.1', port: 8000 }, { tagPrefix: '' });

const ROUTER = 'traefik.http.routers.r.';
const SERVICE = 'traefik.http.services.s.loadbalancer.';
const RULE = `${ROUTER}rule=PathPrefix(\`/a\`)`;
const MATCH = { kind: 'text', path: '/a', priority: 16 } as const;

const reasonsOf = (said: TagsSaid): string => said.problems.map(({ reason }) => reason).join('\n');

/** The one rule of a router at `/a`. */
const ruleOf = (...tags: string[]): TagRule | undefined => {
  const said = read(RULE, ...tags);
  assert.deepEqual(said.problems, []);
  assert.equal(said.rules.length, 1);
  return said.rules[0];
};

describe('who is exposed', () => {
  const byName = { kind: 'prefix', path: '/', host: 'my-svc', priority: 14 } as const;
  const table: [name: string, tags: string[], expected: TagRule['match'] | undefined][] = [
    ['not who says nothing of itself', ['path=/a', 'urlprefix-/a', 'traefik'], undefined],
    ['who says so, by its name', ['traefik.enable=true'], byName],
    ['who has a service, by its name', [`${SERVICE}server.port=80`], byName],
    ['not who says no', [RULE, 'traefik.enable=false'], undefined],
    ['keys are the same in any case', ['traefik.HTTP.Routers.R.Rule=PathPrefix(`/a`)'], MATCH],
    ['the prefix is not', ['Traefik.http.routers.r.rule=PathPrefix(`/a`)'], undefined],
    ['of two tags the last holds', [`${ROUTER}rule=Path(\`/b\`)`, RULE], MATCH],
  ];
  for (const [name, tags, expected] of table) {
    it(name, () => {
      const said = read(...tags);
      assert.deepEqual([said.rules[0]?.match, said.problems], [expected, []]);
    });
  }

  it('by Consul’s health and port: what Traefik has instead makes no difference', () =>
    assert.deepEqual(ruleOf(`${SERVICE}healthcheck.path=/health`, `${ROUTER}entrypoints=web`)?.match, MATCH));
});

describe('priority', () => {
  it('the longer the rule, the earlier', () => assert.equal(ruleOf()?.match.priority, 16));
  it('as it is said', () => assert.equal(ruleOf(`${ROUTER}priority=-5`)?.match.priority, -5));
  it('0 is none', () => assert.equal(ruleOf(`${ROUTER}priority=0`)?.match.priority, 16));
});

describe('a router for TLS takes no other requests', () => {
  it('tls=true', () => assert.equal(ruleOf(`${ROUTER}tls=true`)?.match.scheme, 'https'));
  it('with options', () => assert.equal(ruleOf(`${ROUTER}tls.certresolver=x`)?.match.scheme, 'https'));
  it('tls=false', () => assert.equal(ruleOf(`${ROUTER}tls=false`)?.match.scheme, undefined));
});

describe('the service of a router', () => {
  it('another port', () => assert.deepEqual(ruleOf(`${SERVICE}server.port=81`)?.use, { port: 81 }));
  it('weight', () => assert.deepEqual(ruleOf(`${SERVICE}server.weight=3`)?.use, { weight: 3 }));
  it('weight 0 serves nobody', () => assert.equal(ruleOf(`${SERVICE}server.weight=0`)?.isClosed, true));
  it('passhostheader=false', () =>
    assert.equal(ruleOf(`${SERVICE}passhostheader=false`)?.use?.host, '10.0.0.1:8000'));
  it('a sticky cookie keeps callers with an instance', () =>
    assert.deepEqual(ruleOf(`${SERVICE}sticky.cookie.name=sid`)?.settings, {
      session: { by: 'cookie', name: 'sid', scope: 'traefik/s' },
    }));
  it('of several the one that is named', () =>
    assert.deepEqual(
      ruleOf(
        'traefik.http.services.a.loadbalancer.server.port=81',
        'traefik.http.services.b.loadbalancer.server.port=82',
        `${ROUTER}service=b@consulcatalog`,
      )?.use,
      { port: 82 },
    ));
  for (const elsewhere of ['other', 'other@consulcatalog', 'api@internal', 'svc@file']) {
    it(`${elsewhere}, of somebody else, shuts the router and says what to do`, () => {
      const said = read(RULE, `${SERVICE}server.port=81`, `${ROUTER}service=${elsewhere}`);
      assert.deepEqual(said.rules, [{ match: MATCH, isClosed: true }]);
      assert.equal(
        reasonsOf(said),
        `the service ${elsewhere} is not among the tags of this instance: define it there, or use a route document`,
      );
    });
  }
});

describe('middlewares', () => {
  const M = 'traefik.http.middlewares.';
  const table: [name: string, tags: string[], filters: Filter[]][] = [
    [
      'stripprefix',
      [`${M}m.stripprefix.prefixes=/a`],
      [
        {
          type: 'request-headers',
          change: { set: [['X-Forwarded-Prefix', '/a']], add: [], remove: [] },
        },
        { type: 'rewrite', path: { kind: 'text', value: '', strip: ['/a'] } },
      ],
    ],
    [
      'stripprefix of several',
      [`${M}m.stripprefix.prefixes=/a, /b`],
      [{ type: 'rewrite', path: { kind: 'text', value: '', strip: ['/a', '/b'] } }],
    ],
    ['addprefix', [`${M}m.addprefix.prefix=/p`], [{ type: 'rewrite', path: { kind: 'text', value: '/p' } }]],
    [
      'one after the other: the outer prefix is put in front first',
      [`${M}m.chain.middlewares=x,y@consulcatalog`, `${M}x.addprefix.prefix=/x`, `${M}y.addprefix.prefix=/y`],
      [{ type: 'rewrite', path: { kind: 'text', value: '/y/x' } }],
    ],
    [
      'replacepath',
      [`${M}m.replacepath.path=/p`],
      [{ type: 'rewrite', path: { kind: 'full', value: '/p' } }],
    ],
    [
      'headers',
      [
        `${M}m.headers.customrequestheaders.X-Env=prod`,
        `${M}m.headers.customrequestheaders.X-Gone=`,
        `${M}m.headers.customresponseheaders.X-Out=1`,
        `${M}m.headers.framedeny=true`,
        `${M}m.headers.contenttypenosniff=false`,
      ],
      [
        { type: 'request-headers', change: { set: [['X-Env', 'prod']], add: [], remove: ['x-gone'] } },
        {
          type: 'response-headers',
          change: {
            set: [
              ['X-Out', '1'],
              ['X-Frame-Options', 'DENY'],
            ],
            add: [],
            remove: [],
          },
        },
      ],
    ],
    [
      'redirectscheme',
      [`${M}m.redirectscheme.scheme=https`, `${M}m.redirectscheme.permanent=true`],
      [{ type: 'redirect', status: 308, scheme: 'https', unlessThere: true }],
    ],
    [
      'ipallowlist',
      [`${M}m.ipallowlist.sourcerange=10.0.0.0/8, 127.0.0.1`],
      [{ type: 'access', allow: ['10.0.0.0/8', '127.0.0.1'] }],
    ],
    [
      'cross-origin requests',
      [
        `${M}m.headers.accesscontrolalloworiginlist=https://a.test`,
        `${M}m.headers.accesscontrolallowmethods=GET,PUT`,
        `${M}m.headers.accesscontrolmaxage=100`,
      ],
      [
        {
          type: 'cors',
          cors: {
            origins: ['https://a.test'],
            methods: ['GET', 'PUT'],
            headers: [],
            exposed: [],
            credentials: false,
            maxAge: 100,
          },
        },
      ],
    ],
    ['compression is passed over', [`${M}m.compress=true`], []],
  ];
  for (const [name, tags, filters] of table) {
    it(name, () => assert.deepEqual(ruleOf(`${ROUTER}middlewares=m`, ...tags)?.filters ?? [], filters));
  }
  it('the host that the instance sees', () =>
    assert.deepEqual(
      ruleOf(`${ROUTER}middlewares=m`, `${M}m.headers.customrequestheaders.Host=h.test`)?.use,
      {
        host: 'h.test',
      },
    ));
  it('limits by address, one at once, each gateway by itself', () =>
    assert.deepEqual(ruleOf(`${ROUTER}middlewares=m`, `${M}m.ratelimit.average=10`)?.filters, [
      { type: 'rate-limit', requests: 10, window: 1_000, burst: 1, by: { of: 'address' }, isLocal: true },
    ]));
  it('limits by a header, with period and burst', () =>
    assert.deepEqual(
      ruleOf(
        `${ROUTER}middlewares=m`,
        `${M}m.rateLimit.average=6`,
        `${M}m.rateLimit.period=1m`,
        `${M}m.rateLimit.burst=3`,
        `${M}m.rateLimit.sourceCriterion.requestHeaderName=X-User`,
      )?.filters,
      [
        {
          type: 'rate-limit',
          requests: 6,
          window: 60_000,
          burst: 3,
          by: { of: 'header', name: 'x-user' },
          isLocal: true,
        },
      ],
    ));
  it('a limit of nothing is none, as in Traefik', () =>
    assert.equal(ruleOf(`${ROUTER}middlewares=m`, `${M}m.ratelimit.average=0`)?.isClosed, undefined));
  it('retry counts the first try, too', () =>
    assert.equal(ruleOf(`${ROUTER}middlewares=m`, `${M}m.retry.attempts=3`)?.settings?.retries, 2));
});

describe('what cannot be had keeps the rule shut', () => {
  const M = 'traefik.http.middlewares.m.';
  const table: [name: string, tags: string[], reason: RegExp][] = [
    ['a middleware that nobody knows', [], /nobody's tags define the middleware m$/],
    [
      'one of another provider',
      [`${ROUTER}middlewares=auth@file`],
      /auth@file is of a provider that is not read/,
    ],
    ['authentication', [`${M}basicauth.users=a:b`], /not supported/],
    ['authentication elsewhere', [`${M}forwardauth.address=http://a/b`], /auth=SERVICE\/path among its tags/],
    ['an unknown kind', [`${M}plugin.x.y=1`], /not supported/],
    ['an allow list that is none', [`${M}ipallowlist.sourcerange=10`], /CIDR/],
    ['an allow list by a strategy', [`${M}ipallowlist.ipstrategy.depth=1`], /not supported/],
    ['a header of the gateway', [`${M}headers.customrequestheaders.Via=1`], /belongs to/],
    ['an option of headers', [`${M}headers.allowedhosts=a`], /not supported/],
    [
      'a limit by a strategy',
      [`${M}ratelimit.average=1`, `${M}ratelimit.sourcecriterion.ipstrategy.depth=1`],
      /not supported/,
    ],
    ['a limit for a week', [`${M}ratelimit.average=1`, `${M}ratelimit.period=168h`], /up to a day/],
    ['two kinds in one', [`${M}addprefix.prefix=/a`, `${M}retry.attempts=2`], /one kind/],
    ['a chain in a circle', [`${M}chain.middlewares=m`], /deep/],
    ['a port that is none', [`${M}compress=true`, `${SERVICE}server.port=x`], /port/],
    ['another protocol', [`${M}compress=true`, `${SERVICE}server.scheme=h3`], /http, https, h2c/],
    ['a field that no service has', [`${M}compress=true`, `${SERVICE}serverz=1`], /field/],
    ['somebody else’s service', [`${M}compress=true`, `${ROUTER}service=x@file`], /x@file/],
  ];
  for (const [name, tags, reason] of table) {
    it(name, () => {
      const said = read(RULE, `${ROUTER}middlewares=m`, ...tags);
      assert.deepEqual(said.rules, [{ match: MATCH, isClosed: true }]);
      assert.match(reasonsOf(said), reason);
    });
  }
});

describe('a rule that is not understood is none', () => {
  const table: [name: string, tags: string[], reason: RegExp][] = [
    ['its rule', [`${ROUTER}rule=Host(a)`], /at character/],
    ['a field that no router has', [RULE, `${ROUTER}rul=Path(\`/b\`)`], /no such field/],
    ['a priority', [RULE, `${ROUTER}priority=high`], /priority/],
    ['the syntax of v2', [RULE, `${ROUTER}rulesyntax=v2`], /v2/],
    ['routers of TCP', ['traefik.tcp.routers.r.rule=HostSNI(`*`)'], /TCP/],
    ['enable', [RULE, 'traefik.enable=maybe'], /true or false/],
  ];
  for (const [name, tags, reason] of table) {
    it(name, () => {
      const said = read(...tags);
      assert.match(reasonsOf(said), reason);
      assert.equal(
        said.problems.every(({ fatal }) => !fatal),
        true,
      );
    });
  }
  it('a router beside it is served', () => {
    const said = read(RULE, 'traefik.http.routers.bad.rule=Host(');
    assert.deepEqual(
      said.rules.map(({ match }) => match),
      [MATCH],
    );
  });
});
