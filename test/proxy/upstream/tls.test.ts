import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer, type ServerOptions } from 'node:https';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { Speech } from '../../../src/core/model/speech.ts';
import { readCredentials } from '../../../src/proxy/upstream/credentials.ts';
import type { UpstreamCredentials } from '../../../src/proxy/upstream/tls.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { makeAuthority, type TestAuthority, type TestCertificate } from '../../support/certificates.ts';
import { eventually } from '../../support/wait.ts';
import { decisionFor, type ProxyUnderTest, spokenTo, startHttp, startProxy } from '../support/proxy.ts';
import { listenOn, portOf, rawClient, rawExchange } from '../support/raw.ts';

let folder: string;
let ours: TestAuthority;
let theirs: TestAuthority;
let orders: TestCertificate;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-upstream-tls-'));
  ours = makeAuthority(folder, 'ours');
  theirs = makeAuthority(folder, 'theirs');
  orders = ours.sign('orders', 'DNS:orders.test,IP:127.0.0.1');
});
after(() => rmSync(folder, { recursive: true }));

const read = ({ cert, key }: TestCertificate) => ({ cert: readFileSync(cert), key: readFileSync(key) });

const GET = 'GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n';

interface Secure {
  readonly port: number;
  /** Of each connection: the server name that was asked for, and whether it came back by a ticket. */
  readonly met: readonly { readonly name: unknown; readonly isResumed: boolean }[];
}

/** A real server of HTTP/1.1 or, where asked for, HTTP/2, over TLS. */
const startSecure = async (
  t: TestContext,
  certificate: TestCertificate,
  { isHttp2 = false, ...options }: ServerOptions & { isHttp2?: boolean } = {},
): Promise<Secure> => {
  const met: Secure['met'][number][] = [];
  const sockets = new Set<TLSSocket>();
  const server: Server = isHttp2
    ? createSecureServer({ ...read(certificate), ...options }, (req, res) =>
        res.end(`hello ${req.httpVersion}`),
      )
    : createServer({ ...read(certificate), ...options }, (req, res) => res.end(`hello ${req.httpVersion}`));
  server.on('secureConnection', (socket: TLSSocket & { servername?: string }) => {
    sockets.add(socket);
    met.push({ name: socket.servername, isResumed: socket.isSessionReused() });
  });
  server.on('tlsClientError', () => {});
  await listenOn(server);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: portOf(server), met };
};

interface Speaking extends ProxyUnderTest {
  /** What the log warned of. */
  readonly warnings: readonly unknown[];
}

const startSpeaking = async (
  t: TestContext,
  upstream: number,
  speech: Speech,
  credentials: Partial<UpstreamCredentials> = {},
): Promise<Speaking> => {
  const warnings: unknown[] = [];
  const started = await startProxy(t, upstream, {
    decide: ({ path }) => spokenTo(speech, decisionFor(path, upstream)),
    log: { ...silentLog, warn: (fields: unknown) => warnings.push(fields) } as typeof silentLog,
  });
  started.proxy.trust({ verifies: true, ...credentials });
  return { ...started, warnings };
};

const trusting = ({ cert }: TestCertificate): Partial<UpstreamCredentials> => ({
  authorities: [readFileSync(cert, 'utf8')],
});

describe('an instance that is spoken to over TLS', () => {
  for (const protocol of ['https', 'h2'] as const) {
    const isHttp2 = protocol === 'h2';
    const httpVersion = isHttp2 ? '2.0' : '1.1';

    it(`${protocol}: by the name that its certificate is for`, async t => {
      const upstream = await startSecure(t, orders, { isHttp2 });
      const speech = { protocol, serverName: 'orders.test' };
      const { port } = await startSpeaking(t, upstream.port, speech, trusting(ours));
      assert.match(await rawExchange(t, port, GET), new RegExp(`hello ${httpVersion}`));
      assert.deepEqual(upstream.met, [{ name: 'orders.test', isResumed: false }]);
    });

    it(`${protocol}: by its address where it has no name`, async t => {
      const upstream = await startSecure(t, orders, { isHttp2 });
      const speech = { protocol, serverName: '127.0.0.1' };
      const { port } = await startSpeaking(t, upstream.port, speech, trusting(ours));
      assert.match(await rawExchange(t, port, GET), new RegExp(`hello ${httpVersion}`));
      assert.deepEqual(
        upstream.met.map(({ name }) => name),
        [false],
      );
    });

    it(`${protocol}: a body of megabytes comes whole, however slowly it is taken`, async t => {
      const body = Buffer.alloc(4 * 1024 * 1024, 'sluice ');
      const upstream = await startSecure(t, orders, { isHttp2 });
      const { port } = await startSpeaking(
        t,
        upstream.port,
        { protocol, serverName: 'orders.test' },
        trusting(ours),
      );
      const client = await rawClient(t, port);
      client.socket.pause();
      client.send(
        `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
      );
      client.socket.write(body);
      client.socket.resume();
      assert.match(await client.untilOver(), /hello/);
    });
  }

  it('comes back by a ticket when it needs another connection', async t => {
    const upstream = await startSecure(t, orders);
    const { port } = await startSpeaking(
      t,
      upstream.port,
      { protocol: 'https', serverName: 'orders.test' },
      trusting(ours),
    );
    await rawExchange(t, port, GET);
    await Promise.all([rawExchange(t, port, GET), rawExchange(t, port, GET), rawExchange(t, port, GET)]);
    await eventually(() => upstream.met.slice(1).some(({ isResumed }) => isResumed), {
      within: 2_000,
      hint: `a short handshake among ${JSON.stringify(upstream.met)}`,
    });
  });

  it('is shown a certificate where it asks for one', async t => {
    const options = { requestCert: true, rejectUnauthorized: true, ca: readFileSync(ours.cert) };
    const upstream = await startSecure(t, orders, options);
    const client = ours.sign('gateway', 'DNS:gateway.test');
    const credentials = readCredentials({ authorities: [ours.cert], certificate: client, verifies: true });
    const { port } = await startSpeaking(
      t,
      upstream.port,
      { protocol: 'https', serverName: 'orders.test' },
      credentials,
    );
    assert.match(await rawExchange(t, port, GET), /hello/);
  });

  it('without judging it where that was asked for', async t => {
    const upstream = await startSecure(t, orders);
    const { port } = await startSpeaking(
      t,
      upstream.port,
      { protocol: 'https', serverName: 'x.test' },
      { verifies: false },
    );
    assert.match(await rawExchange(t, port, GET), /hello/);
  });
});

describe('an instance that cannot be spoken to: nothing reaches it, and the log says what to do', () => {
  const table: [
    name: string,
    start: (t: TestContext) => Promise<{ port: number }>,
    speech: Speech,
    hint: RegExp,
    trusted?: () => TestAuthority,
  ][] = [
    [
      'signed by somebody else',
      t => startSecure(t, orders),
      { protocol: 'https', serverName: 'orders.test' },
      /--upstream-ca/,
      () => theirs,
    ],
    [
      'for another name',
      t => startSecure(t, orders),
      { protocol: 'https', serverName: 'shop.test' },
      /not for shop\.test.*orders\.test.*tls-server-name/,
    ],
    [
      'that is over',
      t => startSecure(t, ours.sign('old', 'DNS:orders.test', -1), { isHttp2: true }),
      { protocol: 'h2', serverName: 'orders.test' },
      /is over/,
    ],
    [
      'signed by itself',
      t => startSecure(t, ours, { isHttp2: true }),
      { protocol: 'h2', serverName: 'ours.test' },
      /--upstream-ca/,
      () => theirs,
    ],
    [
      'that wants a client certificate',
      t =>
        startSecure(t, orders, { requestCert: true, rejectUnauthorized: true, ca: readFileSync(ours.cert) }),
      { protocol: 'https', serverName: 'orders.test' },
      /--upstream-cert/,
    ],
    [
      'without TLS',
      t => startHttp(t, (_, res) => res.end('no')),
      { protocol: 'https', serverName: 'orders.test' },
      /does not speak TLS/,
    ],
    [
      'without HTTP/2',
      t => startSecure(t, orders),
      { protocol: 'h2', serverName: 'orders.test' },
      /ALPN|HTTP\/2/,
    ],
    [
      'without HTTP/2 in the clear',
      t => startHttp(t, (_, res) => res.end('no')),
      { protocol: 'h2c' },
      /does not speak HTTP\/2/,
    ],
  ];
  for (const [name, start, speech, hint, trusted = () => ours] of table) {
    it(name, async t => {
      const upstream = await start(t);
      const { port, warnings, ended } = await startSpeaking(t, upstream.port, speech, trusting(trusted()));
      const answer = await rawExchange(
        t,
        port,
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi',
      );
      assert.match(answer, /^HTTP\/1\.1 502 /);
      assert.match(answer, /"code":"connect_failed"/);
      assert.equal((await ended()).attempts[0]?.end?.error, 'connect_failed');
      assert.equal(warnings.length, 1);
      assert.match(JSON.stringify(warnings[0]), hint);
    });
  }
});

it('new authorities hold for the next connection, whatever tickets there are', async t => {
  const upstream = await startSecure(t, orders);
  const { port, proxy } = await startSpeaking(
    t,
    upstream.port,
    { protocol: 'https', serverName: 'orders.test' },
    trusting(ours),
  );
  assert.match(await rawExchange(t, port, GET), /hello/);
  proxy.trust({ verifies: true, ...trusting(theirs) });
  proxy.retain(new Set());
  assert.match(await rawExchange(t, port, GET), /connect_failed/);
});
