import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { Certificate } from '../../src/proxy/tls/certificate.ts';
import { readCertificateFiles } from '../../src/proxy/tls/certificate-files.ts';
import { makeCertificate } from '../support/certificates.ts';
import { startGateway } from './harness.ts';
import { route, V1, V2 } from './routes.ts';

describe('HTTPRouteHTTPSListener', () => {
  const documents =
    route('httproute-https-test', `[{backendRefs: [{name: ${V1}}]}]`, ['example.org']) +
    route('httproute-https-test-no-hostname', `[{backendRefs: [{name: ${V2}}]}]`, ['second-example.org']);
  const rows: readonly [host: string, status: number, backend?: string][] = [
    ['example.org', 200, V1],
    ['unknown-example.org', 404],
    ['second-example.org', 200, V2],
  ];

  let folder: string;
  let certificates: readonly Certificate[];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-https-listener-'));
    const both = [
      makeCertificate(folder, 'first', ['example.org']),
      makeCertificate(folder, 'second', ['second-example.org']),
    ];
    certificates = readCertificateFiles(both);
  });
  after(() => rmSync(folder, { recursive: true }));

  const start = async (t: TestContext, express: boolean): Promise<number> => {
    const { proxy } = await startGateway(t, documents, { express });
    proxy.certify({ all: certificates, ticketKeys: new Uint8Array(48) });
    const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 }, 'https');
    return port;
  };

  for (const express of [true, false]) {
    for (const [host, status, backend] of rows) {
      it(`${host}: ${backend ?? status} (${express ? 'express' : 'full'} lane)`, async t => {
        const answer = await ask(await start(t, express), host);
        assert.equal(answer.status, status);
        assert.equal(answer.shown, host === 'second-example.org' ? 'second' : 'first');
        if (backend === undefined) return;
        const seen = JSON.parse(answer.body);
        assert.equal(seen.service, backend);
        assert.equal(seen.headers['x-forwarded-proto'], 'https');
      });
    }
  }
});

interface Answer {
  readonly status: number;
  readonly body: string;
  /** The common name of the certificate that was shown. */
  readonly shown: string;
}

const ask = (port: number, host: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const to = {
      host: '127.0.0.1',
      port,
      servername: host,
      rejectUnauthorized: false,
      agent: false as const,
    };
    const asked = request({ ...to, headers: { Host: host } }, res => {
      const shown = String((res.socket as TLSSocket).getPeerCertificate().subject?.CN);
      let body = '';
      res.setEncoding('utf8').on('data', piece => {
        body += piece;
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body, shown })).on('error', reject);
    });
    asked.on('error', reject).end();
  });
