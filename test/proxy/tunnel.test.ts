import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { Tunnel } from '../../src/proxy/tunnel.ts';
import { eventually } from '../support/wait.ts';
import { listenOn, portOf } from './support/raw.ts';

const WITHIN = 5_000;

/** Both ends of a connection, of which the first is in the proxy. */
const startPair = async (t: TestContext): Promise<[inside: Socket, outside: Socket]> => {
  const server = createServer({ allowHalfOpen: true });
  await listenOn(server);
  const accepted = new Promise<Socket>(resolve => server.once('connection', resolve));
  const outside = connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true });
  const inside = await accepted;
  server.close();
  for (const socket of [inside, outside]) {
    socket.on('error', () => {});
    t.after(() => socket.destroy());
  }
  return [inside, outside];
};

/** Two of them, joined as http-proxy joins them. */
const startTunnel = async (t: TestContext, linger: number, clientStall = WITHIN) => {
  const [client, caller] = await startPair(t);
  const [upstream, server] = await startPair(t);
  const tunnel = new Tunnel(client, upstream, { linger, clientStall });
  client.once('close', () => tunnel.clientLeft());
  upstream.pipe(client).pipe(upstream);
  return { client, caller, upstream, server };
};

const countOf = (socket: Socket): (() => number) => {
  let count = 0;
  socket.on('data', bytes => {
    count += bytes.length;
  });
  return () => count;
};

/** Sends until what was sent waits in the proxy. @returns how much that was */
const fill = async (from: Socket, until: Socket): Promise<number> => {
  const piece = Buffer.alloc(64 * 1024);
  let sent = 0;
  await eventually(
    () => {
      if (until.writableLength > 0 && until.writableNeedDrain) return true;
      sent += piece.length;
      from.write(piece);
      return false;
    },
    { within: WITHIN, hint: () => `${sent} bytes were too few` },
  );
  return sent;
};

describe('a tunnel', () => {
  it('brings what a client has said to a server that is slow to read, though the client is gone', async t => {
    const { client, caller, upstream, server } = await startTunnel(t, WITHIN);
    server.end();
    await eventually(() => upstream.readableEnded, { within: WITHIN, hint: 'the end of the server' });
    const sent = await fill(caller, upstream);
    // The pipe would hold it back until the server reads: so the client ends as if it had not been full.
    client.unpipe(upstream);
    const rest = countOf(client);
    caller.end();
    await eventually(() => client.destroyed, { within: WITHIN, hint: 'the end of the client' });
    const heard = countOf(server);
    await eventually(() => server.readableEnded, { within: WITHIN, hint: 'the end' });
    assert.equal(heard() + rest(), sent);
    assert.ok(upstream.destroyed);
  });

  for (const [who, gone, left] of [
    ['a server that is gone', 'server', 'caller'],
    ['a client that is gone', 'caller', 'server'],
  ] as const) {
    it(`reads on what comes for ${who}, and closes in time`, async t => {
      const ends = await startTunnel(t, 50);
      const talker = ends[left];
      const talk = setInterval(() => talker.write('more'), 5);
      t.after(() => clearInterval(talk));
      ends[gone].resetAndDestroy();
      await eventually(() => ends.client.destroyed && ends.upstream.destroyed, {
        within: WITHIN,
        hint: 'the end of both',
      });
      assert.ok(ends[left === 'caller' ? 'client' : 'upstream'].readableLength === 0);
    });
  }

  it('whose client is slow to read is closed only once it has everything', async t => {
    const { client, caller, server } = await startTunnel(t, 20);
    const sent = await fill(server, client);
    server.end();
    let heard = 0;
    caller.on('data', bytes => {
      heard += bytes.length;
      caller.pause();
      setTimeout(() => caller.resume(), 2);
    });
    await eventually(() => caller.destroyed || caller.readableEnded, {
      within: 20_000,
      hint: () => `${heard} of ${sent}`,
    });
    assert.equal(heard, sent);
  });

  it('whose client reads nothing any more is closed in time', async t => {
    const { client, upstream, server } = await startTunnel(t, 20, 100);
    await fill(server, client);
    server.end();
    await eventually(() => client.destroyed && upstream.destroyed, {
      within: WITHIN,
      hint: 'the end of both',
    });
  });
});
