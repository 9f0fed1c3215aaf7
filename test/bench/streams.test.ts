import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { SMALL_GET } from '../../bench/cases.ts';
import { asFastAsCan } from '../../bench/load/drive.ts';
import { grpcLanes } from '../../bench/load/grpc-lane.ts';
import { readStreamFigures } from '../../bench/load/h2load.ts';
import { httpLanes } from '../../bench/load/http-lane.ts';
import { http2Lanes } from '../../bench/load/http2-lane.ts';
import { startProgram } from '../../bench/programs.ts';
import { makeCertificate } from '../support/certificates.ts';
import { ROOT } from '../support/child.ts';
import { freePorts } from '../support/servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-streams-'));
after(() => rmSync(folder, { recursive: true }));
let pair: { cert: Buffer; key: Buffer };
before(() => {
  const { cert, key } = makeCertificate(folder, 'site', ['localhost']);
  pair = { cert: readFileSync(cert), key: readFileSync(key) };
});

const portOf = (server: { address(): AddressInfo | string | null }): number =>
  (server.address() as AddressInfo).port;

describe('TLS lanes', () => {
  for (const [tls, resumes] of [
    ['yes', false],
    ['resumed', true],
  ] as const) {
    it(`new connections, ${tls}`, async () => {
      const resumed: boolean[] = [];
      const server = createHttpsServer(pair, (request, response) => {
        resumed.push((request.socket as TLSSocket).isSessionReused());
        response.end('ok');
      }).listen(0, '127.0.0.1');
      await new Promise(resolve => server.once('listening', resolve));
      const load = { ...SMALL_GET, answerBytes: 2, tls, fresh: true };
      const { done, bad } = await asFastAsCan(httpLanes(portOf(server), load), 2, 0.3);
      server.close();
      assert.equal(bad, 0);
      assert.ok(done >= 6, `${done} connections`);
      // The first of each lane has no session to go on with.
      assert.equal(resumed.filter(Boolean).length, resumes ? resumed.length - 2 : 0);
    });
  }
});

describe('lanes of HTTP/2', () => {
  it('count an answer that is whole, and no other', async () => {
    let answered = 0;
    const server = createSecureServer(pair);
    server.on('stream', stream => {
      answered += 1;
      stream.on('error', () => {});
      if (answered === 10) {
        stream.close(8);
        return;
      }
      stream.respond({ ':status': 200 });
      stream.end(answered === 20 ? 'o' : 'ok');
    });
    server.listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const open = http2Lanes(portOf(server), { kind: 'http2', connections: 2, streams: 2, answerBytes: 2 });
    const { done, bad } = await asFastAsCan(open, 4, 0.3);
    server.close();
    assert.equal(bad, 2);
    assert.ok(done > 20, `${done} requests`);
  });
});

describe('lanes of gRPC', () => {
  for (const streaming of [false, true]) {
    it(streaming ? 'messages of one call' : 'a call for each message', async t => {
      const { port } = await freePorts(['port']);
      const echo = await startProgram({
        name: 'the echo',
        command: [process.execPath, `${ROOT}/bench/grpc-echo.mjs`, `${port}`],
        port,
      });
      t.after(echo.stop);
      const open = grpcLanes(port, { kind: 'grpc', connections: 2, streams: 2, streaming });
      const { done, bad } = await asFastAsCan(open, 4, 0.3);
      assert.equal(bad, 0);
      assert.ok(done > 20, `${done} messages`);
    });
  }
});

describe("h2load's words", () => {
  const words = `finished in 1.02s, 980.00 req/s, 50KB/s
requests: 1010 total, 1008 started, 1000 done, 990 succeeded, 10 failed, 8 errored, 0 timeout
status codes: 985 2xx, 0 3xx, 5 4xx, 0 5xx
`;
  it('its figures: what was good, and what was not', () =>
    assert.deepEqual(readStreamFigures(words, 1), { done: 985, seconds: 1, bad: 15 }));
  it('without them it failed', () =>
    assert.throws(() => readStreamFigures('could not connect', 1), /it said: could not connect/));
});
