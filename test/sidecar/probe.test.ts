import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { httpProbe } from '../../sidecar/probe.ts';
import { startH2 } from '../proxy/support/h2.ts';
import { deadPort, rawUpstream } from '../proxy/support/raw.ts';

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

  it('is bad where nobody listens, or speaks it', async t => {
    const dead = await deadPort();
    const older = await rawUpstream(t, socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));

    for (const port of [dead, older.port]) {
      const found = await httpProbe(port, '/', 'h2c')();
      assert.deepEqual(found, { well: false, reason: `nothing answers in HTTP/2 on port ${port}` });
    }
  });
});
