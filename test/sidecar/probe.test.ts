import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Server, type ServiceDefinition } from '@grpc/grpc-js';
import { GRPC_HEALTH } from '../../sidecar/http2-probe.ts';
import { httpProbe } from '../../sidecar/probe.ts';
import { startH2 } from '../proxy/support/h2.ts';
import { deadPort, rawUpstream } from '../proxy/support/raw.ts';
import { listenGrpc } from '../support/grpc-service.ts';

/** `grpc.health.v1`, of which a number is all that differs. */
const HEALTH: ServiceDefinition = {
  check: {
    path: GRPC_HEALTH,
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.of(),
    requestDeserialize: () => ({}),
    responseSerialize: (serves: number) => Buffer.of(8, serves),
    responseDeserialize: () => ({}),
  },
};

describe('the health of a program that speaks HTTP/2', () => {
  it('is what its path answers', async t => {
    const program = await startH2(t, (stream, { ':path': path }) =>
      stream.respond({ ':status': path === '/healthz' ? 204 : 503 }, { endStream: true }),
    );

    const well = await httpProbe(program.port, '/healthz', 'h2c')();
    const unwell = await httpProbe(program.port, '/other', 'h2c')();

    assert.deepEqual(well, { well: true, address: '127.0.0.1' });
    assert.deepEqual(unwell, { well: false, reason: 'GET /other answers 503' });
  });

  for (const { says, reply, reason } of [
    { says: 'SERVING', reply: { serves: 1 }, reason: undefined },
    { says: 'NOT_SERVING', reply: { serves: 2 }, reason: `${GRPC_HEALTH} says that it does not serve` },
    { says: 'nothing of health', reply: undefined, reason: `${GRPC_HEALTH} answers with status 12` },
  ]) {
    it(`is what gRPC's health check tells: ${says}`, async t => {
      const server = new Server();
      if (reply !== undefined) {
        server.addService(HEALTH, {
          check: (_: unknown, answer: (error: null, serves: number) => void) => answer(null, reply.serves),
        });
      }
      const port = await listenGrpc(t, server);

      const found = await httpProbe(port, GRPC_HEALTH, 'h2c')();

      if (reason === undefined) assert.deepEqual(found, { well: true, address: '127.0.0.1' });
      else assert.deepEqual(found, { well: false, reason });
    });
  }

  it('is bad where nobody listens, or speaks it', async t => {
    const dead = await deadPort();
    const older = await rawUpstream(t, socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));

    for (const port of [dead, older.port]) {
      const found = await httpProbe(port, '/', 'h2c')();
      assert.deepEqual(found, { well: false, reason: `nothing answers in HTTP/2 on port ${port}` });
    }
  });
});
