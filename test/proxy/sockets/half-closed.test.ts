import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../../support/wait.ts';
import { startProxy } from '../support/proxy.ts';
import { listenOn, portOf, type RawClient, rawClient } from '../support/raw.ts';
import { AGREED, REQUEST } from './conversation.ts';

interface Joined {
  readonly client: RawClient;
  /** The server's end of it. */
  readonly server: Socket;
}

/** A client and a server that have agreed. Either may go on when the other has ended its side. */
const joined = async (t: TestContext, linger: number): Promise<Joined> => {
  const accepted: Socket[] = [];
  const upstream = createServer({ allowHalfOpen: true }, socket => {
    accepted.push(socket);
    socket.on('error', () => {}).once('data', () => socket.write(AGREED));
  });
  await listenOn(upstream);
  t.after(() => {
    for (const socket of accepted) socket.destroy();
    upstream.close();
  });
  const { port } = await startProxy(t, portOf(upstream), { timeouts: { linger } });
  const client = await rawClient(t, port);
  client.socket.allowHalfOpen = true;
  client.send(REQUEST('/'));
  await client.until(/^HTTP\/1\.1 101 [\s\S]*\r\n\r\n/);
  const [server] = accepted;
  if (server === undefined) throw new Error('nobody asked');
  return { client, server };
};

describe('an upgraded connection of which one side has ended', () => {
  it('carries on what the client has still to say', async t => {
    const { client, server } = await joined(t, 5_000);
    let heard = '';
    server.on('data', bytes => {
      heard += bytes;
    });
    server.end('the last of mine');
    await client.untilOver();
    client.socket.end('the last of mine, too');
    await eventually(() => heard === 'the last of mine, too', { within: 2_000, hint: () => heard });
  });

  it('is not cut while anything moves, however long that takes', async t => {
    const LINGER = 400;
    const { client, server } = await joined(t, LINGER);
    const since = performance.now();
    let told = 0;
    server.once('end', () => {
      const timer = setInterval(() => {
        told += 1;
        if (told < 30) return server.write('more,');
        clearInterval(timer);
        return server.end('all');
      }, 40);
      t.after(() => clearInterval(timer));
    });
    client.socket.end();
    assert.match(await client.untilOver(), /\r\n\r\n(more,){29}all$/);
    assert.equal(client.end(), 'ended');
    assert.ok(performance.now() - since > 2 * LINGER);
  });

  it('is closed once nothing moves', async t => {
    const { client, server } = await joined(t, 50);
    client.socket.end();
    server.resume();
    await eventually(() => server.destroyed || server.readableEnded, { within: 2_000, hint: 'the end' });
    await client.untilOver();
  });
});
