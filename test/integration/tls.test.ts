import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { type RunningGateway, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real Consul, real gateways, real handshakes. */
let consul: ConsulServer;
let echo: Service;
let folder: string;
let shop: TestCertificate;
let api: TestCertificate;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  shop = makeCertificate(folder, 'shop', ['shop.example.com']);
  api = makeCertificate(folder, 'api', ['api.example.com', '*.api.example.com']);
  consul = await startConsul();
  echo = await startService((req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', piece => {
      body += piece;
    });
    req.on('end', () => res.end(JSON.stringify({ headers: req.headers, body })));
  });
  await register(consul.address, { ID: 'echo-1', Name: 'echo', Port: echo.port, Tags: ['path=/'] });
});
after(async () => {
  await Promise.all([echo.stop(), consul.stop()]);
  rmSync(folder, { recursive: true });
});

interface Started extends RunningGateway {
  readonly port: number;
}

const start = async (
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Started> => {
  const where = ['--consul', consul.address, '--redis', 'off', '--access-log', 'off'];
  const gateway = await runGateway([...where, '--tls-listen', '127.0.0.1:0', ...args], { env });
  t.after(() => gateway.stop('SIGKILL'));
  await gateway.serving();
  const said = await eventually(() => gateway.log().find(({ tls }) => tls !== undefined)?.tls, {
    within: 5_000,
    hint: 'the gateway says where TLS is',
  });
  const port = Number(String(said).split(':').at(-1));
  await eventually(async () => (await ask(port)).status === 200, { within: 5_000, hint: 'it routes' });
  return { ...gateway, port };
};

interface Answer {
  readonly status: number;
  readonly text: string;
  /** The common name of the certificate that was shown. */
  readonly shown: string;
  readonly isResumed: boolean;
}

const ask = (
  port: number,
  { name = 'shop.example.com', agent = new Agent({ keepAlive: false }), body = '' } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(
      { port, host: '127.0.0.1', servername: name, agent, rejectUnauthorized: false, method: 'POST' },
      res => {
        const socket = res.socket as TLSSocket;
        const shown = String(socket.getPeerCertificate().subject?.CN);
        let text = '';
        res.setEncoding('utf8').on('data', piece => {
          text += piece;
        });
        res.on('end', () =>
          resolve({ status: res.statusCode ?? 0, text, shown, isResumed: socket.isSessionReused() }),
        );
        res.on('error', reject);
      },
    );
    asked.setHeader('Host', name);
    asked.once('error', reject).end(body);
  });

for (const workers of ['off', '2']) {
  describe(`TLS in front, with workers ${workers}`, () => {
    const pair = (): string[] => ['--workers', workers, '--tls-cert', shop.cert, '--tls-key', shop.key];

    it('requests come in, and upstreams hear that the client used https', async t => {
      const { port } = await start(t, pair());
      const { status, text } = await ask(port, { body: 'x'.repeat(100_000) });
      assert.equal(status, 200);
      const { headers, body } = JSON.parse(text);
      assert.equal(body.length, 100_000);
      assert.equal(headers['x-forwarded-proto'], 'https');
      assert.match(headers.forwarded, /proto=https/);
    });

    it('one connection carries many requests, and a session is resumed', async t => {
      const { port } = await start(t, pair());
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      t.after(() => agent.destroy());
      for (let n = 0; n < 20; n += 1) assert.equal((await ask(port, { agent })).status, 200);
      const again = new Agent({ keepAlive: false, maxCachedSessions: 10, maxVersion: 'TLSv1.2' });
      const answers = [];
      for (let n = 0; n < 6; n += 1) answers.push(await ask(port, { agent: again }));
      assert.ok(answers.slice(1).every(({ isResumed }) => isResumed));
    });

    it('the certificate is the one of the name that is asked for', async t => {
      const both = ['--tls-cert', `${shop.cert},${api.cert}`, '--tls-key', `${shop.key},${api.key}`];
      const { port } = await start(t, ['--workers', workers, ...both]);
      const shownFor = async (name: string): Promise<string> => (await ask(port, { name })).shown;
      assert.equal(await shownFor('shop.example.com'), 'shop');
      assert.equal(await shownFor('api.example.com'), 'api');
      assert.equal(await shownFor('API.example.com'), 'api');
      assert.equal(await shownFor('v1.api.example.com'), 'api');
      assert.equal(await shownFor('a.b.api.example.com'), 'shop');
      assert.equal(await shownFor('unknown.example.com'), 'shop');
      assert.equal((await ask(port, { name: '' })).shown, 'shop');
    });

    it('WebSocket comes in over TLS', async t => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      t.after(() => server.close());
      await once(server, 'listening');
      server.on('connection', socket => socket.on('message', message => socket.send(message)));
      const { port: upstream } = server.address() as { port: number };
      const ID = `ws-${workers}`;
      await register(consul.address, { ID, Name: ID, Port: upstream, Tags: [`path=/${ID}`] });
      const { port } = await start(t, pair());
      const said = await eventually(() => trySocket(`wss://127.0.0.1:${port}/${ID}`), {
        within: 5_000,
        hint: 'an echo',
      });
      assert.equal(said, 'hello');
    });

    it('a certificate is replaced under load: nothing is dropped, and the new one is shown within a second', async t => {
      const file = join(folder, `live-${workers}.pem`);
      const key = join(folder, `live-${workers}-key.pem`);
      cpSync(shop.cert, file);
      cpSync(shop.key, key);
      const gateway = await start(t, ['--workers', workers, '--tls-cert', file, '--tls-key', key]);
      const { port } = gateway;
      const kept = new Agent({ keepAlive: true, maxSockets: 4 });
      t.after(() => kept.destroy());
      let isOver = false;
      const failures: unknown[] = [];
      let count = 0;
      const load = async (agent?: Agent): Promise<void> => {
        while (!isOver) {
          count += 1;
          const { status } = await ask(port, agent === undefined ? {} : { agent }).catch(error => {
            failures.push(error);
            return { status: 0 };
          });
          if (status !== 200) failures.push(status);
        }
      };
      const loads = [load(kept), load(kept), load(), load()];
      t.after(() => {
        isOver = true;
      });

      // The key first: for a moment the two don't belong together.
      replace(api.key, key);
      replace(api.cert, file);
      const replacedAt = performance.now();
      await eventually(async () => (await ask(port)).shown === 'api', { within: 5_000, hint: 'the new one' });
      const took = performance.now() - replacedAt;

      writeFileSync(file, 'no certificate');
      await eventually(() => gateway.log().some(({ level, problem }) => level === 'error' && problem), {
        within: 5_000,
        hint: 'it says that the certificate is no good',
      });
      assert.equal((await ask(port)).shown, 'api');

      isOver = true;
      await Promise.all(loads);
      t.diagnostic(`shown after ${took.toFixed(0)} ms; ${count} requests`);
      assert.deepEqual(failures, []);
      assert.ok(took < 1_000, `${took} ms`);
    });
  });
}

describe('what cannot be served over TLS ends the start with a hint', () => {
  const refusals: Record<string, [args: () => readonly string[], message: RegExp]> = {
    'no certificate': [() => ['--tls-listen', ':0'], /--tls-listen: needs a certificate: --tls-cert FILE/],
    'no port': [() => ['--tls-cert', shop.cert], /--tls-cert: for which port\? Say --tls-listen/],
    'no such file': [
      () => ['--tls-listen', ':0', '--tls-cert', '/nowhere.pem'],
      /--tls-cert: \/nowhere\.pem: there is no such file/,
    ],
    'the key of another': [
      () => ['--tls-listen', ':0', '--tls-cert', shop.cert, '--tls-key', api.key],
      /the key is of another certificate/,
    ],
    'no key': [() => ['--tls-listen', ':0', '--tls-cert', shop.cert], /no key that can be read/],
    'a key too few': [
      () => ['--tls-listen', ':0', '--tls-cert', `${shop.cert},${api.cert}`, '--tls-key', api.key],
      /--tls-key: expected one file for each of the 2/,
    ],
  };
  for (const [title, [args, message]] of Object.entries(refusals)) {
    it(title, async () => {
      const gateway = run('dist/src/cli/main.js', ['gateway', '--redis', 'off', ...args()]);
      assert.equal(await gateway.exited, 2);
      assert.match(gateway.stderr(), message);
      assert.doesNotMatch(gateway.stderr(), /PRIVATE KEY-----|\n {4}at /);
    });
  }
});

it('a handshake that is not finished in time is cut, and counted', async t => {
  const pair = ['--tls-cert', shop.cert, '--tls-key', shop.key];
  const gateway = await start(t, pair, { SLUICE_HEAD_TIMEOUT: '300ms' });
  const silent = connect({ port: gateway.port, host: '127.0.0.1' });
  t.after(() => silent.destroy());
  await once(silent.resume(), 'close');
  const text = await (await fetch(`${gateway.admin}/metrics`)).text();
  assert.match(text, /^sluice_tls_handshakes_failed_total\S* 1$/m);
  assert.match(text, /^sluice_tls_handshakes\S* 0$/m);
});

/** As renewal tools do it: the new file takes the old one's place at once. */
const replace = (from: string, to: string): void => {
  cpSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
};

const trySocket = (url: string): Promise<string | undefined> =>
  new Promise(resolve => {
    const socket = new WebSocket(url, { rejectUnauthorized: false });
    socket.on('open', () => socket.send('hello'));
    socket.on('message', message => {
      resolve(String(message));
      socket.terminate();
    });
    socket.on('error', () => resolve(undefined));
  });
