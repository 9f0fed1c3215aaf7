import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createPoster, type Wire } from '../../../src/telemetry/otlp/post.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';

const never = new AbortController().signal;

describe('a POST to the receiver', () => {
  it('carries headers, and one connection serves many', async () => {
    const receiver = await startOtlpReceiver();
    const url = new URL('/v1/traces', receiver.url);
    const poster = createPoster(url, { otlpHeaders: { 'x-tenant': 'acme', 'content-type': 'text/html' } }, 1);
    try {
      for (let i = 0; i < 3; i++) assert.equal((await poster.post([], never)).status, 200);
      assert.equal(receiver.headers()['x-tenant'], 'acme');
      assert.equal(receiver.headers()['content-type'], 'application/x-protobuf');
      assert.match(receiver.headers()['user-agent'] ?? '', /^Sluice\/\d/);
      assert.equal(receiver.connections(), 1);
    } finally {
      poster.close();
      await receiver.stop();
    }
  });
});

describe('a POST over TLS', () => {
  const dir = mkdtempSync(join(tmpdir(), 'otlp-'));
  const file = (name: string): string => readFileSync(join(dir, name), 'utf8');
  const bodies: Buffer[] = [];
  let server: Server;
  let url: URL;

  before(async () => {
    for (const name of ['server', 'client']) {
      execFileSync(
        'openssl',
        `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=${name}
         -addext subjectAltName=IP:127.0.0.1 -keyout ${name}.key -out ${name}.crt`.split(/\s+/),
        { cwd: dir, stdio: 'ignore' },
      );
    }
    const keys = { key: file('server.key'), cert: file('server.crt'), ca: file('client.crt') };
    server = createServer({ ...keys, requestCert: true }, (request, response) => {
      const chunks: Buffer[] = [];
      request
        .on('data', chunk => chunks.push(chunk))
        .on('end', () => {
          bodies.push(Buffer.concat(chunks));
          response.end();
        });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`);
  });
  after(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    rmSync(dir, { recursive: true });
  });

  const post = async (wire: Wire): Promise<number> => {
    const poster = createPoster(url, wire, 1);
    try {
      return (await poster.post([Buffer.from('spans '), Buffer.from('and spans')], never)).status;
    } finally {
      poster.close();
    }
  };

  it('trusts the authority that it is told of, shows its certificate, and compresses', async () => {
    const wire: Wire = {
      otlpCa: file('server.crt'),
      otlpCert: file('client.crt'),
      otlpKey: file('client.key'),
      otlpCompression: 'gzip',
    };
    assert.equal(await post(wire), 200);
    assert.equal(gunzipSync(bodies[0] ?? Buffer.alloc(0)).toString(), 'spans and spans');
  });

  it('trusts no stranger', async () => {
    await assert.rejects(post({}), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('is refused without the certificate that the receiver wants', async () => {
    await assert.rejects(post({ otlpCa: file('server.crt') }));
  });
});
