import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { type RunningGateway, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { deregister, register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Services in a real Consul that are tagged for Sluice, Fabio and Traefik, behind one gateway. */
let consul: ConsulServer;
let services: Service[];
let gateway: RunningGateway;
let front: URL;

const echo =
  (name: string): RequestListener =>
  ({ url, headers }, res) =>
    res.end(
      [name, url, headers.host, headers['x-forwarded-prefix'] ?? '', headers['x-env'] ?? ''].join(' ').trim(),
    );

const ROUTER = 'traefik.http.routers.shop';

/** The port that Consul knows, and what else listens. */
const TAGS: Readonly<Record<string, (other: number) => string[]>> = {
  own: () => [
    'path=/own',
    'method=GET',
    'header=x-tenant:~a[0-9]',
    'rewrite=/new',
    'rewrite-host=own.internal',
  ],
  fabio: () => [
    'urlprefix-fab.test/fab strip=/fab prepend=/p',
    'urlprefix-fab.test/old redirect=301,https://new.test/x$path strip=/old',
    'urlprefix-fab.test/',
    'urlprefix-fab.test/auth auth=basic',
    'urlprefix-fab.test/denied deny=ip:127.0.0.0/8',
  ],
  traefik: other => [
    'traefik.enable=true',
    `${ROUTER}.rule=Host(\`shop.test\`) && !Path(\`/shop/secret\`)`,
    `${ROUTER}.middlewares=strip,env@consulcatalog`,
    'traefik.http.middlewares.strip.stripprefix.prefixes=/shop',
    `traefik.http.services.shop.loadbalancer.server.port=${other}`,
    'traefik.http.services.shop.loadbalancer.sticky.cookie.name=sid',
  ],
  commons: () => ['traefik.http.middlewares.env.headers.customrequestheaders.X-Env=prod'],
};

const ask = (
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = front;
    httpRequest({ hostname, port, path, headers, method, agent: false }, res => {
      let body = '';
      res.setEncoding('utf8').on('data', (text: string) => (body += text));
      res
        .on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body }))
        .on('error', reject);
    })
      .on('error', reject)
      .end();
  });

before(async () => {
  consul = await startConsul();
  const names = Object.keys(TAGS);
  services = await Promise.all([...names, 'other'].map(name => startService(echo(name))));
  const other = services.at(-1)?.port ?? 0;
  for (const [i, Name] of names.entries()) {
    await register(consul.address, {
      ID: Name,
      Name,
      Port: services[i]?.port ?? 0,
      Tags: TAGS[Name]?.(other) ?? [],
    });
  }
  gateway = await runGateway([
    ...[
      '--consul',
      consul.address,
      '--redis',
      'off',
      '--access-log',
      'off',
      '--tags',
      'sluice,fabio,traefik',
    ],
  ]);
  front = new URL(await gateway.serving());
  await eventually(async () => (await ask('/shop/1', { host: 'shop.test' })).status === 200, {
    within: 5_000,
    hint: 'routed',
  });
});
after(async () => {
  assert.equal(await gateway.stop(), 0);
  await Promise.all([consul.stop(), ...services.map(service => service.stop())]);
});

describe('what the service sees', () => {
  const table: [name: string, path: string, headers: Record<string, string>, seen: string][] = [
    [
      'Sluice: a condition, another path and host',
      '/own/1?q=1',
      { host: 'a.test', 'x-tenant': 'a1' },
      'own /new/1?q=1 own.internal',
    ],
    [
      'Fabio: strip and prepend, by characters',
      '/fabric?q=1',
      { host: 'fab.test' },
      'fabio /p/ric?q=1 fab.test /fab',
    ],
    ['Fabio: everything else', '/x', { host: 'fab.test' }, 'fabio /x fab.test'],
    [
      'Traefik: middlewares, and another port',
      '/shop/1',
      { host: 'shop.test' },
      'other /1 shop.test /shop prod',
    ],
  ];
  for (const [name, path, headers, seen] of table) {
    it(name, async () => {
      const { status, body } = await ask(path, headers);
      assert.deepEqual([status, body], [200, seen]);
    });
  }
});

describe('what the gateway answers itself', () => {
  const table: [
    name: string,
    path: string,
    headers: Record<string, string>,
    status: number,
    method?: string,
  ][] = [
    ['Sluice: without the header', '/own/1', { host: 'a.test', 'x-tenant': 'b1' }, 404],
    ['Sluice: by another method', '/own/1', { host: 'a.test', 'x-tenant': 'a1' }, 404, 'POST'],
    ['Fabio: a protection that it does not have', '/auth/x', { host: 'fab.test' }, 503],
    ['Fabio: an address that must not pass', '/denied', { host: 'fab.test' }, 403],
    ['Traefik: a path that the rule leaves out', '/shop/secret', { host: 'shop.test' }, 404],
  ];
  for (const [name, path, headers, status, method] of table) {
    it(name, async () => assert.equal((await ask(path, headers, method)).status, status));
  }

  it('Fabio: a redirect', async () => {
    const { status, headers } = await ask('/old/1?q=1', { host: 'fab.test' });
    assert.deepEqual([status, headers.location], [301, 'https://new.test/x/1?q=1']);
  });

  it('Traefik: a middleware of another service; without it the router is shut', async () => {
    const statusBecomes = (status: number): Promise<unknown> =>
      eventually(async () => (await ask('/shop/1', { host: 'shop.test' })).status === status, {
        within: 5_000,
        hint: `the router is answered ${status}`,
      });
    const name = 'commons';
    await deregister(consul.address, name);
    await statusBecomes(503);
    await register(consul.address, { ID: name, Name: name, Port: 1, Tags: TAGS[name]?.(0) ?? [] });
    await statusBecomes(200);
  });

  it('Traefik: a sticky cookie', async () => {
    const { headers } = await ask('/shop/1', { host: 'shop.test' });
    assert.match(headers['set-cookie']?.[0] ?? '', /^sid=[^;]+; /);
  });
});

it('what is not served is named', async () => {
  const lint = run('dist/src/cli/main.js', ['lint', '--admin', gateway.admin.replace('http://', '')]);
  assert.equal(await lint.exited, 1);
  assert.match(lint.stdout(), /urlprefix-fab\.test\/auth auth=basic/);
  assert.match(lint.stdout(), /"auth" is not supported/);
});
