import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { makeCertificate } from '../support/certificates.ts';
import { eventually } from '../support/wait.ts';
import { startProxy } from './support/proxy.ts';
import { rawUpstream } from './support/raw.ts';

const startTls = async (t: TestContext, upstream: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cuts-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = makeCertificate(folder, 'shop', ['shop.test']);
  const cert = readFileSync(files.cert, 'utf8');
  const key = readFileSync(files.key, 'utf8');
  const started = await startProxy(t, upstream);
  const certificate = {
    source: files.cert,
    cert,
    key,
    names: ['shop.test'],
    notAfter: Number.MAX_SAFE_INTEGER,
  };
  started.proxy.certify({ all: [certificate], ticketKeys: new Uint8Array(48) });
  const { port } = await started.proxy.listen({ host: '127.0.0.1', port: 0 }, 'https');
  return { ...started, port, ca: cert };
};

describe('an answer over TLS whose rest does not come is cut, and nobody else with it', () => {
  for (const [name, request, answer] of [
    [
      'to an upgrade that is declined',
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      'HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\nhalf',
    ],
    [
      'to HTTP/1.0, where the end of the connection would make it look whole',
      'GET / HTTP/1.0\r\nHost: x\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf',
    ],
  ] as const) {
    it(name, async t => {
      const upstream = await rawUpstream(t, socket => socket.write(answer));
      const { port, ca, ended, proxy } = await startTls(t, upstream.port);
      const client = connect({ port, host: '127.0.0.1', servername: 'shop.test', ca });
      t.after(() => client.destroy());
      let received = '';
      client.on('data', bytes => {
        received += bytes;
      });
      client.on('error', () => {});
      client.write(request);
      await eventually(() => received.endsWith('half'), { within: 2_000, hint: () => received });
      upstream.connections[0]?.socket.resetAndDestroy();
      const { end } = await ended();
      assert.deepEqual([end.cut, end.error], [true, 'upstream_reset']);
      await eventually(() => client.destroyed, { within: 2_000, hint: 'the end of the connection' });
      assert.equal(proxy.figures().connections, 0);
    });
  }
});
