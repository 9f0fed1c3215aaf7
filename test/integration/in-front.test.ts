import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { startHaproxy, startNginx } from '../support/front-servers.ts';
import { run, runGateway } from '../support/processes.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real Consul, real gateways, and real proxies in front of them. */
let consul: ConsulServer;
let echo: Service;
let folder: string;
let shop: TestCertificate;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-front-'));
  shop = makeCertificate(folder, 'shop', ['shop.example.com']);
  consul = await startConsul();
  echo = await startService((req, res) => res.end(JSON.stringify(req.headers)));
  await register(consul.address, { ID: 'echo-1', Name: 'echo', Port: echo.port, Tags: ['path=/'] });
});
after(async () => {
  await Promise.all([echo.stop(), consul.stop()]);
  rmSync(folder, { recursive: true });
});

interface Started {
  readonly port: number;
  readonly tlsPort: number;
  /** Of the access log. */
  clients(): unknown[];
}

const start = async (t: TestContext, args: readonly string[]): Promise<Started> => {
  const where = ['--consul', consul.address, '--redis', 'off', '--tls-listen', '127.0.0.1:0'];
  const pair = ['--tls-cert', shop.cert, '--tls-key', shop.key];
  const gateway = await runGateway([...where, ...pair, ...args]);
  t.after(() => gateway.stop('SIGKILL'));
  const port = Number(new URL(await gateway.serving()).port);
  const tls = await eventually(() => gateway.log().find(({ tls }) => tls !== undefined)?.tls, {
    within: 5_000,
    hint: 'the gateway says where TLS is',
  });
  await eventually(
    async () =>
      ((await (await fetch(`${gateway.admin}/api/routes`)).json()) as { routes: unknown[] }).routes.length ===
      1,
    { within: 5_000, hint: 'it routes' },
  );
  const clients = (): unknown[] =>
    gateway
      .stdout()
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => (JSON.parse(line) as { clientAddress: unknown }).clientAddress);
  return { port, tlsPort: Number(String(tls).split(':').at(-1)), clients };
};

/** What the service was told, of a request that curl makes. */
const curl = async (...args: readonly string[]): Promise<Record<string, string>> => {
  const { stdout } = await promisify(execFile)('curl', ['-sS', '-k', '--max-time', '5', ...args]);
  return JSON.parse(stdout);
};

for (const workers of ['off', '2']) {
  describe(`the PROXY protocol, with workers ${workers}`, () => {
    const args = ['--workers', workers, '--proxy-protocol', 'require', '--trusted-proxies', '127.0.0.1'];

    for (const send of ['send-proxy', 'send-proxy-v2']) {
      it(`HAProxy’s ${send}, in the clear and with TLS passed through`, async t => {
        const { port, tlsPort, clients } = await start(t, args);
        const front = await startHaproxy(t, { http: port, https: tlsPort }, send);
        const plain = await curl('--interface', '127.0.0.2', `http://127.0.0.1:${front.http}/`);
        assert.equal(plain['x-forwarded-for'], '127.0.0.2');
        assert.equal(plain['x-forwarded-proto'], 'http');
        for (const version of ['--http1.1', '--http2']) {
          const tls = await curl(version, '--interface', '127.0.0.3', `https://127.0.0.1:${front.https}/`);
          assert.equal(tls['x-forwarded-for'], '127.0.0.3');
          assert.equal(tls['x-forwarded-proto'], 'https');
        }
        await eventually(() => clients().length === 3, { within: 5_000, hint: 'the access log' });
        assert.deepEqual(clients().sort(), ['127.0.0.2', '127.0.0.3', '127.0.0.3']);
      });
    }

    it('curl’s own, and nobody without', async t => {
      const { port, tlsPort } = await start(t, args);
      for (const url of [`http://127.0.0.1:${port}/`, `https://127.0.0.1:${tlsPort}/`]) {
        assert.equal((await curl('--haproxy-protocol', url))['x-forwarded-for'], '127.0.0.1');
        await assert.rejects(curl(url));
        await assert.rejects(curl('--haproxy-protocol', '--interface', '127.0.0.2', url));
      }
    });
  });
}

it('nginx in front tells the client in X-Forwarded-For, and what the client wrote there itself is not believed', async t => {
  const { port, clients } = await start(t, ['--trusted-proxies', '127.0.0.1']);
  const front = await startNginx(t, port);
  const spoofed = ['-H', 'X-Forwarded-For: 6.6.6.6, 127.0.0.1', '--interface', '127.0.0.2'];
  const told = await curl(...spoofed, `http://127.0.0.1:${front}/`);
  assert.equal(told['x-forwarded-for'], '6.6.6.6, 127.0.0.1, 127.0.0.2, 127.0.0.1');
  assert.equal(told['x-forwarded-proto'], 'https');
  await eventually(() => clients().length === 1, { within: 5_000, hint: 'the access log' });
  assert.deepEqual(clients(), ['127.0.0.2']);
  const direct = await curl(...spoofed, `http://127.0.0.1:${port}/`);
  assert.equal(direct['x-forwarded-for'], '127.0.0.2');
});

it('--proxy-protocol require without trusted proxies ends the start with a hint', async () => {
  const gateway = run('dist/src/cli/main.js', ['gateway', '--proxy-protocol', 'require']);
  assert.equal(await gateway.exited, 2);
  assert.match(gateway.stderr(), /--trusted-proxies 10\.0\.0\.0\/8/);
});
