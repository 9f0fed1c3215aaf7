import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import type { Speech } from '../../../src/core/model/speech.ts';
import { makeAuthority, type TestAuthority, type TestCertificate } from '../../support/certificates.ts';
import { startH2 } from '../support/h2.ts';
import { decisionFor, type ProxyUnderTest, spokenTo, startProxy } from '../support/proxy.ts';
import { listenOn, portOf, rawExchange } from '../support/raw.ts';

let folder: string;
let authority: TestAuthority;
let orders: TestCertificate;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-upgrades-'));
  authority = makeAuthority(folder, 'authority');
  orders = authority.sign('orders', 'DNS:orders.test');
});
after(() => rmSync(folder, { recursive: true }));

const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: x.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

const startEcho = async (t: TestContext): Promise<number> => {
  const server = createServer({ cert: readFileSync(orders.cert), key: readFileSync(orders.key) });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', socket => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  server.on('tlsClientError', () => {});
  await listenOn(server);
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return portOf(server);
};

const startSpeaking = async (t: TestContext, upstream: number, speech: Speech): Promise<ProxyUnderTest> => {
  const started = await startProxy(t, upstream, {
    decide: ({ path }) => spokenTo(speech, decisionFor(path, upstream)),
  });
  started.proxy.trust({ verifies: true, authorities: [readFileSync(authority.cert, 'utf8')] });
  return started;
};

describe('an upgrade', () => {
  it('goes over TLS to an instance of proto=https, and every frame comes back', async t => {
    const { port } = await startSpeaking(t, await startEcho(t), {
      protocol: 'https',
      serverName: 'orders.test',
    });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`);
    t.after(() => socket.terminate());
    await once(socket, 'open');
    for (const message of ['hello', 'x'.repeat(1_000_000)]) {
      socket.send(message);
      const [answer] = (await once(socket, 'message')) as [Buffer];
      assert.equal(answer.toString(), message);
    }
  });

  it('reaches nobody whose certificate is for another name', async t => {
    const { port, ended } = await startSpeaking(t, await startEcho(t), {
      protocol: 'https',
      serverName: 'shop.test',
    });
    const answer = await rawExchange(t, port, UPGRADE);
    assert.match(answer, /^HTTP\/1\.1 502 .*"code":"connect_failed"/s);
    assert.equal((await ended()).attempts[0]?.end?.error, 'connect_failed');
  });

  it('to an instance of proto=h2c is refused, and nobody is blamed', async t => {
    const upstream = await startH2(t, stream => stream.respond({ ':status': 204 }, { endStream: true }));
    const { port, ended } = await startSpeaking(t, upstream.port, { protocol: 'h2c' });
    assert.match(await rawExchange(t, port, UPGRADE), /^HTTP\/1\.1 501 .*"code":"upgrade_unsupported"/s);
    const { attempts, end } = await ended();
    assert.deepEqual([attempts.length, end.error, upstream.requests.length], [0, 'upgrade_unsupported', 0]);
  });
});
