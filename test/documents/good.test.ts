import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RouteRule } from '../../src/core/document/route-rule.ts';
import { readText } from '../../src/documents/text.ts';
import { withRule, withSpec } from './marked.ts';

const TO = 'backendRefs: [{name: orders}]';

const routeOf = (text: string) => {
  const [document] = readText(text);
  assert.deepEqual(
    document?.problems.filter(({ severity }) => severity !== 'note'),
    [],
  );
  assert.ok(document?.route !== undefined);
  return document.route;
};
const ruleOf = (fields: string): RouteRule => {
  const [rule] = routeOf(withRule(fields)).rules;
  assert.ok(rule !== undefined);
  return rule;
};
const notesOf = (text: string): string[] =>
  (readText(text)[0]?.problems ?? []).map(({ severity, field }) => `${severity} ${field}`);

describe('a route', () => {
  it('has the name of its namespace and its own', () => {
    assert.equal(routeOf(withRule(TO)).name, 'default/shop');
    assert.equal(
      routeOf(withRule(TO).replace('name: shop', 'name: shop\n  namespace: web')).name,
      'web/shop',
    );
  });
  it('has the time of its creation', () => {
    const text = withRule(TO).replace(
      'name: shop',
      'name: shop\n  creationTimestamp: "2026-07-01T12:00:00+02:00"',
    );
    assert.equal(routeOf(text).createdAt, Date.UTC(2026, 6, 1, 10));
  });
  it('has each host once', () => {
    const { hostnames } = routeOf(withSpec(`hostnames: [a.com, "*.a.com", a.com]\nrules: [{${TO}}]`));
    assert.deepEqual(hostnames, ['a.com', '*.a.com']);
  });
  it('may be v1beta1, and carry what Kubernetes adds', () => {
    const text = withRule(TO)
      .replace('/v1', '/v1beta1')
      .replace('name: shop', 'name: shop\n  uid: x\n  generation: 3\n  labels: {a: b}')
      .concat('status: {parents: []}\n');
    assert.equal(routeOf(text).name, 'default/shop');
  });
  it('may be JSON', () => {
    const json = JSON.stringify({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'shop' },
      spec: { rules: [{ backendRefs: [{ name: 'orders' }] }] },
    });
    assert.deepEqual(routeOf(json), routeOf(withRule(TO)));
  });
  it('says of what has no effect that it has none', () => {
    const text = withSpec(
      `parentRefs: [{name: gw}]\nrules: [{backendRefs: [{name: a, namespace: b, port: 80}]}]`,
    );
    assert.deepEqual(notesOf(text), [
      'note spec.parentRefs',
      'note spec.rules[0].backendRefs[0].namespace',
      'note spec.rules[0].backendRefs[0].port',
    ]);
  });
});

describe('matches', () => {
  const matches: readonly [name: string, given: string, wanted: RouteRule['matches']][] = [
    ['none: everything', '', [{ kind: 'prefix', path: '/' }]],
    ['a prefix unless said', 'matches: [{path: {value: /a}}],', [{ kind: 'prefix', path: '/a' }]],
    [
      'a prefix with a slash at its end',
      'matches: [{path: {value: /a/}}],',
      [{ kind: 'prefix', path: '/a' }],
    ],
    [
      'an exact path with a slash at its end',
      'matches: [{path: {type: Exact, value: /a/}}],',
      [{ kind: 'exact', path: '/a/' }],
    ],
    ['a path without value', 'matches: [{path: {type: Exact}}],', [{ kind: 'exact', path: '/' }]],
    [
      'an escape that needs none',
      'matches: [{path: {type: Exact, value: "/%7Ea%2b"}}],',
      [{ kind: 'exact', path: '/~a%2B' }],
    ],
    [
      'an expression as it is',
      'matches: [{path: {type: RegularExpression, value: "/a[0-9]+"}}],',
      [{ kind: 'regex', path: '/a[0-9]+' }],
    ],
    [
      'a method, headers and parameters',
      'matches: [{method: PUT, headers: [{name: X-A, value: b}, {type: RegularExpression, name: c, value: "d.*"}], queryParams: [{name: E, value: F}]}],',
      [
        {
          kind: 'prefix',
          path: '/',
          method: 'PUT',
          headers: [
            { name: 'x-a', kind: 'exact', value: 'b' },
            { name: 'c', kind: 'regex', value: 'd.*' },
          ],
          query: [{ name: 'E', kind: 'exact', value: 'F' }],
        },
      ],
    ],
    [
      'of equivalent headers the first',
      'matches: [{headers: [{name: a, value: b}, {name: A, value: c}]}],',
      [{ kind: 'prefix', path: '/', headers: [{ name: 'a', kind: 'exact', value: 'b' }] }],
    ],
  ];
  for (const [name, given, wanted] of matches)
    it(name, () => assert.deepEqual(ruleOf(`${given} ${TO}`).matches, wanted));
});

describe('filters', () => {
  const filters: readonly [name: string, given: string, wanted: RouteRule['filters'], to?: string][] = [
    [
      'header changes',
      '{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-A, value: "1 2"}], add: [{name: B, value: "2"}], remove: [C]}}',
      [{ type: 'request-headers', change: { set: [['X-A', '1 2']], add: [['B', '2']], remove: ['c'] } }],
    ],
    [
      'a redirect of nothing',
      '{type: RequestRedirect, requestRedirect: {}}',
      [{ type: 'redirect', status: 302 }],
      '',
    ],
    [
      'a redirect of all',
      '{type: RequestRedirect, requestRedirect: {scheme: https, hostname: a.com, port: 8443, statusCode: 308, path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}',
      [
        {
          type: 'redirect',
          status: 308,
          scheme: 'https',
          hostname: 'a.com',
          port: 8443,
          path: { kind: 'prefix', value: '/b' },
        },
      ],
      '',
    ],
    [
      'a rewrite that takes the prefix off',
      '{type: URLRewrite, urlRewrite: {hostname: a.com, path: {type: ReplacePrefixMatch, replacePrefixMatch: ""}}}',
      [{ type: 'rewrite', hostname: 'a.com', path: { kind: 'prefix', value: '/' } }],
    ],
    [
      'mirrors',
      '{type: RequestMirror, requestMirror: {backendRef: {name: a, version: v2}}}, {type: RequestMirror, requestMirror: {backendRef: {name: b}, fraction: {numerator: 1, denominator: 1000}}}',
      [
        { type: 'mirror', service: 'a', version: 'v2', share: 1 },
        { type: 'mirror', service: 'b', share: 0.001 },
      ],
    ],
    [
      'cross-origin requests',
      '{type: CORS, cors: {allowOrigins: ["https://*.bar.com:8443", "https://*"], allowMethods: ["*"], allowHeaders: [x-a], exposeHeaders: ["*", x-b], allowCredentials: true}}',
      [
        {
          type: 'cors',
          cors: {
            origins: ['https://*.bar.com:8443', 'https://*'],
            methods: ['*'],
            headers: ['x-a'],
            exposed: ['*', 'x-b'],
            credentials: true,
            maxAge: 5,
          },
        },
      ],
    ],
    [
      'who may pass',
      '{type: Access, access: {allow: [10.0.0.0/8, "2001:db8::/32"], deny: [10.0.0.66]}}, {type: Access, access: {deny: [192.0.2.7]}}',
      [
        { type: 'access', allow: ['10.0.0.0/8', '2001:db8::/32'], deny: ['10.0.0.66'] },
        { type: 'access', deny: ['192.0.2.7'] },
      ],
    ],
    [
      'limits',
      '{type: RateLimit, rateLimit: {requests: 100, unit: Second}}, {type: RateLimit, rateLimit: {requests: 5, unit: Minute, burst: 2, by: "header:X-User", scope: local}}',
      [
        { type: 'rate-limit', requests: 100, window: 1_000 },
        {
          type: 'rate-limit',
          requests: 5,
          window: 60_000,
          burst: 2,
          by: { of: 'header', name: 'x-user' },
          isLocal: true,
        },
      ],
    ],
    [
      'ExternalAuth, with as little as there may be',
      '{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: judge}}}',
      [
        {
          type: 'auth',
          service: 'judge',
          path: '',
          asksFor: 'request-path',
          keepsMethod: true,
          tells: [],
        },
      ],
    ],
    [
      'ExternalAuth, with all that there is',
      `{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: judge, version: v2}, forwardBody: {maxSize: 0},
        http: {path: verify/, allowedHeaders: [Cookie], allowedResponseHeaders: [X-User]}, timeout: 2s, failOpen: true}}`,
      [
        {
          type: 'auth',
          service: 'judge',
          version: 'v2',
          path: '/verify',
          asksFor: 'request-path',
          keepsMethod: true,
          tells: ['cookie'],
          takes: ['x-user'],
          timeout: 2_000,
          failsOpen: true,
        },
      ],
    ],
  ];
  for (const [name, given, wanted, to = `, ${TO}`] of filters)
    it(name, () => assert.deepEqual(ruleOf(`filters: [${given}]${to}`).filters, wanted));
});

describe('backends', () => {
  it('have a weight, a version and filters of their own', () => {
    const { backends } = ruleOf(
      'backendRefs: [{name: a}, {name: a, version: v2, weight: 0, filters: [{type: URLRewrite, urlRewrite: {hostname: b.com}}]}]',
    );
    assert.deepEqual(backends, [
      { service: 'a', weight: 1 },
      { service: 'a', version: 'v2', weight: 0, filters: [{ type: 'rewrite', hostname: 'b.com' }] },
    ]);
  });
  const unserved: readonly [name: string, fields: string, backends: RouteRule['backends']][] = [
    ['left out', 'matches: [{path: {value: /a}}]', []],
    ['an empty list', 'backendRefs: []', []],
    [
      'of a kind that is no service',
      'backendRefs: [{group: a.example.com, kind: Bucket, name: b, weight: 3}, {name: c}]',
      [{ weight: 3 }, { service: 'c', weight: 1 }],
    ],
    [
      "behind an extension of somebody else's",
      `filters: [{type: ExtensionRef, extensionRef: {group: a.com, kind: B, name: c}}], ${TO}`,
      [],
    ],
    [
      'behind an authorisation of one backend',
      `backendRefs: [{name: a, filters: [{type: ExternalAuth, externalAuth: {}}]}]`,
      [{ weight: 1 }],
    ],
    ...[
      'protocol: GRPC, backendRef: {name: j}, grpc: {}',
      'protocol: HTTP, backendRef: {name: j}, forwardBody: {maxSize: 100}',
      'protocol: HTTP, backendRef: {kind: Bucket, name: j}',
    ].map((auth): [string, string, RouteRule['backends']] => [
      `behind an authorisation that there is not: ${auth}`,
      `filters: [{type: ExternalAuth, externalAuth: {${auth}}}], ${TO}`,
      [],
    ]),
  ];
  for (const [name, fields, backends] of unserved) {
    it(`${name}: in force, and answered 500`, () => {
      const [document] = readText(withRule(fields));
      assert.deepEqual(document?.route?.rules[0]?.backends, backends);
      assert.deepEqual(
        document?.problems.map(({ severity }) => severity),
        ['unserved'],
      );
    });
  }
});

describe('timeouts, retry and sessions', () => {
  const durations: readonly [text: string, ms: number][] = [
    ['0h', 0],
    ['0s', 0],
    ['0h0m0s', 0],
    ['1h', 3_600_000],
    ['500ms', 500],
    ['2h30m', 9_000_000],
    ['150m', 9_000_000],
    ['7230s', 7_230_000],
    ['1h30m10s', 5_410_000],
    ['10s30m1h', 5_410_000],
    ['100ms200ms300ms', 600],
  ];
  for (const [text, ms] of durations)
    it(`${text} is ${ms} ms`, () =>
      assert.deepEqual(ruleOf(`timeouts: {request: ${text}}, ${TO}`).timeouts, { request: ms }));
  it('a try may take as long as it likes where the request may', () => {
    const { timeouts } = ruleOf(`timeouts: {request: 0s, backendRequest: 5s}, ${TO}`);
    assert.deepEqual(timeouts, { request: 0, backendRequest: 5_000 });
  });
  it('retries', () => {
    const { retry } = ruleOf(`retry: {codes: [500, 503, 500], attempts: 3, backoff: 100ms}, ${TO}`);
    assert.deepEqual(retry, { codes: [500, 503], attempts: 3, backoff: 100 });
  });
  const sessions: readonly [name: string, given: string, wanted: RouteRule['session']][] = [
    ['a cookie unless said', '{}', { by: 'cookie' }],
    [
      'a cookie, as it is written now',
      '{type: Cookie, cookie: {name: s, path: /a, lifetimeType: Permanent}, absoluteTimeout: 5m}',
      { by: 'cookie', name: 's', path: '/a', isPermanent: true, absoluteTimeout: 300_000 },
    ],
    [
      'a cookie, as it was written until v1.6',
      '{sessionName: s, cookieConfig: {lifetimeType: Permanent}, absoluteTimeout: 5m}',
      { by: 'cookie', name: 's', isPermanent: true, absoluteTimeout: 300_000 },
    ],
    ['a header', '{type: Header, header: {name: X-Session}}', { by: 'header', name: 'x-session' }],
    [
      'with an end, however busy, and one for the idle',
      '{absoluteTimeout: 1h, idleTimeout: 5m}',
      { by: 'cookie', absoluteTimeout: 3_600_000, idleTimeout: 300_000 },
    ],
    [
      'a header, as it was written until v1.6',
      '{type: Header, sessionName: X-S}',
      { by: 'header', name: 'x-s' },
    ],
  ];
  for (const [name, given, wanted] of sessions)
    it(name, () => assert.deepEqual(ruleOf(`sessionPersistence: ${given}, ${TO}`).session, wanted));
});
