import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Asked } from '../../support/facts.ts';
import { servedBy } from './served.ts';

const router = (rule: string, ...more: string[]): string[] => [
  `traefik.http.routers.r.rule=${rule}`,
  ...more.map(tag => `traefik.http.routers.r.${tag}`),
];

describe('whom a rule of Traefik takes', () => {
  const table: [rule: string, taken: Asked[], left: Asked[]][] = [
    ['Host(`example.com.`)', [{ host: 'example.com' }], [{ host: 'example.org' }, { host: 'a.example.com' }]],
    [
      'Host(`*.example.com`)',
      [{ host: 'test.example.com' }],
      [{ host: 'example.com' }, { host: 'a.b.example.com' }, { host: 'test.otherexample.com' }],
    ],
    ['HostRegexp(`^[a-z]+\\.com$`)', [{ host: 'abc.com' }], [{ host: 'abc.com.net' }, { host: '1.com' }]],
    ['HostRegexp(`b.c`)', [{ host: 'abcc' }, { host: 'bcc' }], [{ host: 'ac' }]],
    ['Path(`/css`)', [{ path: '/css' }], [{ path: '/css/' }, { path: '/css/main.css' }]],
    ['PathPrefix(`/css`)', [{ path: '/css' }, { path: '/cssx' }, { path: '/css/a' }], [{ path: '/' }]],
    ['PathRegexp(`^/(css|js)`)', [{ path: '/css/' }, { path: '/js/main.js' }], [{ path: '/CSS' }]],
    ['PathRegexp(`^/a|b$`)', [{ path: '/ax' }, { path: '/xb' }], [{ path: '/xa' }]],
    ['PathRegexp(`(?i)^/a`)', [{ path: '/A' }], [{ path: '/b/A' }]],
    ['Method(`GET`)', [{ method: 'GET' }], [{ method: 'HEAD' }]],
    ['Header(`X-A`, `b`)', [{ headers: { 'x-a': 'b' } }], [{ headers: { 'x-a': 'bb' } }, {}]],
    ['HeaderRegexp(`X-A`, `b`)', [{ headers: { 'x-a': 'abc' } }], [{ headers: { 'x-a': 'ac' } }, {}]],
    ['Query(`k`)', [{ query: { k: '' } }], [{ query: { k: '1' } }, {}]],
    ['Query(`k`, `v`)', [{ query: { k: 'v' } }], [{ query: { k: 'vv' } }, {}]],
    ['QueryRegexp(`k`, `v`)', [{ query: { k: 'a\nvb' } }], [{ query: { k: 'w' } }, {}]],
    ['ClientIP(`10.0.0.0/8`)', [{ clientAddress: '10.1.1.1' }], [{ clientAddress: '11.1.1.1' }]],
    [
      'Host(`a`) || Host(`b`) && Path(`/css`)',
      [{ host: 'a' }, { host: 'b', path: '/css' }],
      [{ host: 'b' }, { host: 'c', path: '/css' }],
    ],
    [
      '!(Host(`a`) && Path(`/css`))',
      [{ host: 'a' }, { host: 'b', path: '/css' }],
      [{ host: 'a', path: '/css' }],
    ],
    ['PathPrefix(`/a`) && PathRegexp(`z$`)', [{ path: '/abz' }], [{ path: '/ab' }, { path: '/z' }]],
    ['Host(`a`) && Host(`b`)', [], [{ host: 'a' }, { host: 'b' }]],
    ['Method(`GET`) && !Method(`GET`)', [], [{}]],
  ];
  for (const [rule, taken, left] of table) {
    it(rule, () => {
      const serve = servedBy(['traefik'], { shop: router(rule) });
      for (const asked of taken) assert.equal(serve(asked), 'shop', JSON.stringify(asked));
      for (const asked of left) assert.equal(serve(asked), undefined, JSON.stringify(asked));
    });
  }
});

describe('which of several', () => {
  const serve = servedBy(['traefik', 'sluice', 'fabio'], {
    short: router('Path(`/a`)'),
    long: router('PathPrefix(`/`) && PathPrefix(`/`)'),
    first: router('Path(`/first`)', 'priority=1000'),
    last: router('Host(`x.test`) && PathPrefix(`/zzzzzzzzzzzzzzzzzzz`)', 'priority=-1'),
    own: ['path=/own'],
    fabio: ['urlprefix-/fab'],
  });
  const table: [path: string, service: string][] = [
    ['/a', 'long'],
    ['/first', 'first'],
    ['/zzzzzzzzzzzzzzzzzzz', 'long'],
    ['/own', 'own'],
    ['/fabric', 'fabio'],
  ];
  for (const [path, service] of table)
    it(`${path} to ${service}`, () => assert.equal(serve({ path }), service));
});

it('a usual set of tags', () => {
  const serve = servedBy(['traefik'], {
    orders: [
      'traefik.enable=true',
      'traefik.http.routers.orders.rule=Host(`shop.example.com`) && PathPrefix(`/orders`)',
      'traefik.http.routers.orders.entrypoints=websecure',
      'traefik.http.routers.orders.tls=true',
      'traefik.http.routers.orders.middlewares=strip,hdr@consulcatalog',
      'traefik.http.middlewares.strip.stripprefix.prefixes=/orders',
      'traefik.http.middlewares.hdr.headers.customrequestheaders.X-Env=prod',
      'traefik.http.services.orders.loadbalancer.server.port=8080',
      'traefik.http.services.orders.loadbalancer.sticky.cookie.name=sid',
    ],
    redir: [
      'traefik.http.routers.redir.rule=HostRegexp(`.+`)',
      'traefik.http.routers.redir.middlewares=https',
      'traefik.http.middlewares.https.redirectscheme.scheme=https',
    ],
  });
  assert.equal(serve({ host: 'shop.example.com', path: '/orders/1', scheme: 'https' }), 'orders');
  assert.equal(serve({ host: 'shop.example.com', path: '/orders/1' }), 'redir');
  assert.equal(serve({ host: 'other.test' }), 'redir');
});
