import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { type RunningGateway, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, freePorts, startConsul } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real Consul, real gateways, curl from several addresses. */
let consul: ConsulServer;
let echo: Service;
let folder: string;
let shop: TestCertificate;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-entrance-'));
  shop = makeCertificate(folder, 'shop', ['shop.example.com']);
  consul = await startConsul();
  echo = await startService((req, res) => res.end(`${req.headers.host} ${req.headers['x-forwarded-host']}`));
  const services: Record<string, string[]> = {
    all: ['path=/'],
    inside: ['path=/inside', 'allow=127.0.0.2,10.0.0.0/8'],
    outside: ['path=/outside', 'deny=127.0.0.2'],
    shut: ['path=/shut', 'allow=everybody'],
    own: ['path=/own', 'rewrite-host=instance'],
    shadowed: ['path=/.sluice/mine'],
  };
  for (const [Name, Tags] of Object.entries(services)) {
    await register(consul.address, { ID: `${Name}-1`, Name, Port: echo.port, Tags });
  }
});
after(async () => {
  await Promise.all([echo.stop(), consul.stop()]);
  rmSync(folder, { recursive: true });
});

interface Started extends RunningGateway {
  readonly http: string;
  readonly https: string;
  readonly tlsPort: number;
}

const start = async (t: TestContext, ...args: string[]): Promise<Started> => {
  const { tlsPort } = await freePorts(['tlsPort']);
  const pair = ['--tls-listen', `127.0.0.1:${tlsPort}`, '--tls-cert', shop.cert, '--tls-key', shop.key];
  const gateway = await runGateway([
    '--consul',
    consul.address,
    '--redis',
    'off',
    '--access-log',
    'off',
    ...pair,
    ...args,
  ]);
  t.after(() => gateway.stop('SIGKILL'));
  const http = await gateway.serving();
  await eventually(
    async () =>
      ((await (await fetch(`${gateway.admin}/api/routes`)).json()) as { routes: unknown[] }).routes.length >=
      5,
    { within: 10_000, hint: 'it routes' },
  );
  return { ...gateway, http, https: `https://127.0.0.1:${tlsPort}`, tlsPort };
};

/** Status, where to, and text. */
const curl = async (...args: readonly string[]): Promise<{ status: number; to: string; text: string }> => {
  const format = ['-o', '-', '-w', '\n%{http_code} %{redirect_url}'];
  const { stdout } = await promisify(execFile)('curl', ['-sS', '-k', '--max-time', '5', ...format, ...args]);
  const lines = stdout.split('\n');
  const [status, to = ''] = (lines.pop() ?? '').split(' ');
  return { status: Number(status), to, text: lines.join('\n') };
};

describe('http is sent to https', () => {
  it('on the port of --tls-listen, but for challenges of ACME, readiness, and what came by TLS in front', async t => {
    const { http, https, tlsPort } = await start(
      t,
      '--https-redirect',
      'on',
      '--trusted-proxies',
      '127.0.0.1',
    );
    const sent = await curl('-X', 'POST', '-H', 'Host: shop.example.com:80', `${http}/a?b=1`);
    assert.deepEqual([sent.status, sent.to], [308, `https://shop.example.com:${tlsPort}/a?b=1`]);
    assert.equal((await curl(`${https}/a`)).status, 200);
    assert.equal((await curl(`${http}/.well-known/acme-challenge/x`)).status, 200);
    assert.equal((await curl('--path-as-is', `${http}/.well-known/acme-challenge/../x`)).status, 308);
    assert.equal((await curl(`${http}/.sluice/ready`)).status, 200);
    const terminated = ['-H', 'X-Forwarded-Proto: https', `${http}/a`];
    assert.equal((await curl(...terminated)).status, 200);
    assert.equal((await curl('--interface', '127.0.0.2', ...terminated)).status, 308);
  });

  it('by the status and on the port that are said, by workers, too', async t => {
    const { http, admin } = await start(t, '--https-redirect', '443', '--workers', '2');
    const sent = await curl('-H', 'Host: shop.example.com', `${http}/a`);
    assert.deepEqual([sent.status, sent.to], [308, 'https://shop.example.com/a']);
    const explained = await run('dist/src/cli/main.js', [
      'explain',
      'GET',
      'http://shop.example.com/a',
      '--admin',
      admin.replace('http://', ''),
    ]);
    assert.equal(await explained.exited, 0, explained.stderr());
    assert.match(explained.stdout(), /308[\s\S]*https:\/\/shop\.example\.com\/a/);
  });

  it('a port that is picked cannot be sent to', async () => {
    const gateway = run('dist/src/cli/main.js', ['gateway', '--tls-listen', ':0', '--https-redirect', 'on']);
    assert.equal(await gateway.exited, 2);
    assert.match(gateway.stderr(), /--https-redirect: .*443/);
  });
});

describe('the health path', () => {
  it('is answered to everybody, over TLS and HTTP/2, to HEAD, and in any spelling; nothing below /.sluice is a service’s', async t => {
    const gateway = await start(t);
    const { http, https } = gateway;
    for (const url of [http, https]) {
      for (const args of [
        [],
        ['--http2'],
        ['--http2-prior-knowledge'],
        ['--interface', '127.0.0.2'],
        ['--path-as-is', '-H', 'Host: other'],
      ]) {
        if (url === https && args.includes('--http2-prior-knowledge')) continue;
        const { status, text } = await curl(...args, `${url}/.sluice/ready`);
        assert.deepEqual([status, text.trim()], [200, 'ready'], `${url} ${args.join(' ')}`);
      }
      const head = await curl('-I', `${url}/.sluice/ready`);
      assert.equal(head.status, 200);
      assert.doesNotMatch(head.text, /\nready/);
      assert.equal((await curl(`${url}/%2esluice/ready`)).text.trim(), 'ready');
      for (const path of [
        '/.sluice',
        '/.sluice/',
        '/.sluice/mine',
        '/a/../.sluice/mine',
        '/%2Esluice/mine',
      ]) {
        const { status, text } = await curl('--path-as-is', `${url}${path}`);
        assert.equal(status, 404, path);
        assert.match(text, /no_route/);
      }
    }
    const warned = await eventually(
      () => gateway.log().find(({ route, level }) => route === '/.sluice/mine/*' && level === 'warn'),
      {
        within: 5_000,
        hint: 'it says that a rule is shadowed',
      },
    );
    assert.match(String(warned.msg), /answers for itself/);
  });

  it('may be another one', async t => {
    const { http } = await start(t, '--ready-path', '/ping');
    assert.equal((await curl(`${http}/ping`)).text.trim(), 'ready');
    assert.equal((await curl(`${http}/.sluice/ready`)).status, 404);
    assert.match((await curl(`${http}/ping/x`)).text, /127\.0\.0\.1/);
  });
});

describe('who may pass', () => {
  it('goes by the address of the client, be it told by a trusted proxy; a list that cannot be read lets nobody in', async t => {
    const { http, admin } = await start(t, '--trusted-proxies', '127.0.0.9');
    const status = async (path: string, ...args: string[]): Promise<number> =>
      (await curl(...args, `${http}${path}`)).status;
    const from = (address: string): string[] => ['--interface', address];
    assert.equal(await status('/inside', ...from('127.0.0.2')), 200);
    assert.equal(await status('/inside', ...from('127.0.0.3')), 403);
    assert.equal(await status('/inside', ...from('127.0.0.3'), '-H', 'X-Forwarded-For: 10.1.1.1'), 403);
    assert.equal(await status('/inside', ...from('127.0.0.9'), '-H', 'X-Forwarded-For: 10.1.1.1'), 200);
    assert.equal(
      await status('/inside', ...from('127.0.0.9'), '-H', 'X-Forwarded-For: ::ffff:10.1.1.1'),
      200,
    );
    assert.equal(await status('/outside', ...from('127.0.0.2')), 403);
    assert.equal(await status('/outside', ...from('127.0.0.3')), 200);
    assert.equal(await status('/shut'), 503);
    const explained = await fetch(`${admin}/api/explain?method=GET&url=/inside&address=192.0.2.1`);
    assert.match(await explained.text(), /forbidden/);
  });

  it('is said by route documents, too', async t => {
    const routes = join(folder, 'routes.yaml');
    writeFileSync(
      routes,
      `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: staff }
spec:
  hostnames: [staff.example.com]
  rules:
    - filters:
        - type: Access
          access: { allow: [127.0.0.2], deny: [127.0.0.0/30] }
        - type: Access
          access: { deny: [127.0.0.9] }
      backendRefs: [{ name: all }]
    - matches: [{ path: { value: /open } }]
      filters: [{ type: Access, access: { deny: [127.0.0.9] } }]
      backendRefs: [{ name: all }]
`,
    );
    const { http } = await start(t, '--routes', routes);
    const staff = ['-H', 'Host: staff.example.com'];
    assert.equal((await curl(...staff, '--interface', '127.0.0.2', `${http}/`)).status, 403);
    assert.equal((await curl(...staff, '--interface', '127.0.0.9', `${http}/open`)).status, 403);
    assert.equal((await curl(...staff, '--interface', '127.0.0.2', `${http}/open`)).status, 200);
  });
});

describe('the Host that a service sees', () => {
  it('is the client’s, or the instance’s by its tag', async t => {
    const { http } = await start(t);
    const named = ['-H', 'Host: shop.example.com'];
    assert.equal((await curl(...named, `${http}/`)).text, 'shop.example.com shop.example.com');
    assert.equal((await curl(...named, `${http}/own`)).text, `127.0.0.1:${echo.port} shop.example.com`);
  });

  it('is the instance’s by --upstream-host', async t => {
    const { http } = await start(t, '--upstream-host', 'instance');
    const text = (await curl('-H', 'Host: shop.example.com', `${http}/`)).text;
    assert.equal(text, `127.0.0.1:${echo.port} shop.example.com`);
  });
});
