import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Asked, check, conformance, type Expected, type Row, startGateway } from './harness.ts';
import { route, V1 } from './routes.ts';

/** @param fields of the filter */
const rule = (path: string, fields: string): string => `
    - matches: [{path: {type: PathPrefix, value: ${path}}}]
      filters: [{type: CORS, cors: {${fields}}}]
      backendRefs: [{name: ${V1}}]`;

const DOCUMENTS =
  route(
    'cors-multiple-origins-methods-headers',
    rule(
      '/cors-1',
      `allowOrigins: ["https://www.foo.com", "https://*.bar.com"], allowMethods: [GET, OPTIONS],
        allowHeaders: [x-header-1, x-header-2], exposeHeaders: [x-header-3, x-header-4],
        allowCredentials: true, maxAge: 3600`,
    ),
  ) +
  route(
    'cors-wildcard-methods',
    rule('/cors-2', 'allowOrigins: ["https://www.foo.com"], allowMethods: ["*"]'),
  ) +
  route(
    'cors-wildcard-origin',
    rule('/cors-wildcard-origin', 'allowOrigins: ["*"], allowMethods: [PUT], allowCredentials: false'),
  ) +
  route(
    'cors-wildcard-methods-headers',
    rule(
      '/cors-wildcard-methods-headers',
      'allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], allowCredentials: true',
    ) +
      rule(
        '/cors-wildcard-methods-headers-unauth',
        'allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"], allowCredentials: false',
      ),
  );

const preflight = (path: string, origin: string, method: string, headers?: string): Asked => ({
  method: 'OPTIONS',
  path,
  headers: {
    Origin: origin,
    'Access-Control-Request-Method': method,
    ...(headers === undefined ? {} : { 'Access-Control-Request-Headers': headers }),
  },
});

const BOTH = 'x-header-1, x-header-2';

const allowed = (origin: string): Expected => ({
  status: 204,
  headers: {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Methods': 'GET, OPTIONS',
    'Access-Control-Allow-Headers': BOTH,
    'Access-Control-Expose-Headers': 'x-header-3, x-header-4',
    'Access-Control-Max-Age': '3600',
    'Access-Control-Allow-Credentials': 'true',
  },
});

const ORIGIN = 'Access-Control-Allow-Origin';
const CREDENTIALS = 'Access-Control-Allow-Credentials';

const rows: Row[] = [
  ...['https://www.foo.com', 'https://www.bar.com', 'https://xpto.www.bar.com'].map(origin => ({
    asked: preflight('/cors-1', origin, 'GET', BOTH),
    expected: allowed(origin),
  })),
  {
    asked: preflight('/cors-1', 'https://foobar.com', 'GET'),
    expected: { status: [200, 204, 403], lacks: [ORIGIN] },
  },
  ...['https://www.foo.com', 'https://www.bar.com'].map(origin => ({
    // Not a preflight, for all that it says: those are OPTIONS.
    asked: { ...preflight('/cors-1', origin, 'GET', BOTH), method: 'GET' },
    expected: { backend: V1, headers: { [ORIGIN]: origin } },
  })),
  {
    asked: { ...preflight('/cors-1', 'https://foobar.com', 'GET'), method: 'GET' },
    expected: { backend: V1, lacks: [ORIGIN] },
  },
  {
    asked: preflight('/cors-2', 'https://www.foo.com', 'POST'),
    expected: {
      status: 204,
      headers: {
        [ORIGIN]: 'https://www.foo.com',
        'Access-Control-Allow-Methods': ['POST', '*'],
        'Access-Control-Max-Age': '5',
      },
      lacks: [CREDENTIALS],
    },
  },
  ...['https://foobar.com', 'https://foobar.com:12345'].flatMap(origin => [
    {
      asked: preflight('/cors-wildcard-origin', origin, 'PUT'),
      expected: {
        status: 204,
        headers: { [ORIGIN]: [origin, '*'], 'Access-Control-Allow-Methods': 'PUT' },
        lacks: [CREDENTIALS],
      },
    },
    {
      asked: { method: 'PUT', path: '/cors-wildcard-origin', headers: { Origin: origin } },
      expected: { backend: V1, headers: { [ORIGIN]: [origin, '*'] }, lacks: [CREDENTIALS] },
    },
  ]),
  {
    asked: preflight('/cors-wildcard-methods-headers', 'https://other.foo.com', 'PUT', BOTH),
    expected: {
      status: 204,
      headers: {
        [ORIGIN]: 'https://other.foo.com',
        'Access-Control-Allow-Methods': 'PUT',
        'Access-Control-Allow-Headers': BOTH,
        [CREDENTIALS]: 'true',
      },
    },
  },
  {
    asked: preflight('/cors-wildcard-methods-headers-unauth', 'https://other.foo.com', 'PUT', BOTH),
    expected: {
      status: 204,
      headers: {
        [ORIGIN]: ['https://other.foo.com', '*'],
        'Access-Control-Allow-Methods': ['PUT', '*'],
        'Access-Control-Allow-Headers': [BOTH, '*'],
      },
      lacks: [CREDENTIALS],
    },
  },
  {
    asked: { path: '/cors-wildcard-methods-headers', headers: { Origin: 'https://other.foo.com' } },
    expected: { backend: V1, headers: { [ORIGIN]: 'https://other.foo.com', [CREDENTIALS]: 'true' } },
  },
  {
    asked: { path: '/cors-wildcard-methods-headers-unauth', headers: { Origin: 'https://other.foo.com' } },
    expected: { backend: V1, headers: { [ORIGIN]: ['https://other.foo.com', '*'] }, lacks: [CREDENTIALS] },
  },
];

describe('HTTPRouteCORS', () => conformance(DOCUMENTS, rows));

describe('what the suite does not ask', () => {
  it('a preflight reaches no backend, and any other OPTIONS does', async t => {
    const gateway = await startGateway(t, DOCUMENTS);
    const received = gateway.backends.get(V1)?.received;
    await gateway.ask(preflight('/cors-1', 'https://www.foo.com', 'GET'));
    await gateway.ask(preflight('/cors-1', 'https://foobar.com', 'GET'));
    assert.equal(received?.length, 0);
    const asked: Asked = { method: 'OPTIONS', path: '/cors-1', headers: { Origin: 'https://www.foo.com' } };
    check(asked, await gateway.ask(asked), { backend: V1 });
    assert.equal(received?.length, 1);
  });

  conformance(DOCUMENTS, [
    {
      // What the backend says about origins does not count.
      asked: {
        path: '/cors-1',
        headers: {
          Origin: 'https://foobar.com',
          'X-Echo-Set-Header': `${ORIGIN}:*,${CREDENTIALS}:true,Access-Control-Max-Age:9,Vary:Accept`,
        },
      },
      expected: {
        backend: V1,
        headers: { Vary: 'Accept, Origin' },
        lacks: [ORIGIN, CREDENTIALS, 'Access-Control-Max-Age'],
      },
    },
    {
      // A cache must not give one origin's response to another.
      asked: { path: '/cors-1' },
      expected: { backend: V1, headers: { Vary: 'Origin' }, lacks: [ORIGIN] },
    },
  ]);

  const gone = `
    - matches: [{path: {type: PathPrefix, value: /gone}}]
      filters: [{type: CORS, cors: {allowOrigins: ["https://www.foo.com"]}}]`;
  conformance(route('cors-without-backends', gone), [
    {
      // A page may read why it failed.
      asked: { path: '/gone', headers: { Origin: 'https://www.foo.com' } },
      expected: { status: 500, headers: { [ORIGIN]: 'https://www.foo.com' } },
    },
    {
      asked: preflight('/gone', 'https://www.foo.com', 'GET'),
      expected: { status: 204, headers: { [ORIGIN]: 'https://www.foo.com' } },
    },
  ]);
});
