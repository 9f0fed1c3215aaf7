import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { ExpressReply } from '../../src/proxy/express/reply.ts';
import { Outbox } from '../../src/proxy/outbox.ts';
import { readResponseHead } from '../../src/proxy/response-head.ts';
import { eventually } from '../support/wait.ts';
import { startProxy } from './support/proxy.ts';
import { listenOn, portOf, rawClient, rawUpstream } from './support/raw.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What Node warns of while the test runs: listeners that pile up, above all. */
const warningsOf = (t: TestContext): readonly string[] => {
  const warnings: string[] = [];
  const listener = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', listener);
  t.after(() => process.off('warning', listener));
  return warnings;
};

describe('nothing is left behind', () => {
  for (const [lane, express] of [
    ['express', true],
    ['full', false],
  ] as const) {
    it(`small chunks for a client that does not read wait for it once (${lane} lane)`, async t => {
      const warnings = warningsOf(t);
      let upstreamSocket: Socket | undefined;
      const upstream = await rawUpstream(t, socket => {
        upstreamSocket = socket;
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        socket.write(`800\r\n${'x'.repeat(2048)}\r\n`.repeat(8_000));
        socket.write('0\r\n\r\n');
      });
      const { port, ended } = await startProxy(t, upstream.port, { express });
      const client = await rawClient(t, port);
      client.socket.pause();
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      let before = -1;
      await eventually(
        () => {
          const held = upstreamSocket?.writableLength ?? 0;
          const stands = held > 0 && held === before;
          before = held;
          return stands;
        },
        { within: 5_000, hint: 'an upstream that is held up' },
      );
      client.socket.resume();
      const { end } = await ended();
      assert.equal(end.sent, 2048 * 8_000);
      assert.deepEqual(warnings, []);
    });
  }

  it('a connection on which answers overtake bodies again and again', async t => {
    const warnings = warningsOf(t);
    const { port } = await startProxy(t, 1, { limits: { uriBytes: 20 } });
    const client = await rawClient(t, port);
    client.socket.setNoDelay(true);
    for (let n = 1; n <= 15; n += 1) {
      client.send(`POST /${'a'.repeat(40)} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n`);
      await client.until(text => text.split('"code":"uri_too_long"').length > n);
      client.send('b');
      // On its own: what comes with it would take the connection to the full lane.
      for (let turn = 0; turn < 5; turn += 1) await new Promise(resolve => setImmediate(resolve));
    }
    assert.deepEqual(warnings, []);
  });

  it('a connection that is closed while its answer is read keeps no timer', async t => {
    const responseStall = 900_001;
    const timers = new Set<number>();
    const hook = createHook({
      init: (id, _type, _trigger, resource) => {
        if ((resource as { _idleTimeout?: number })._idleTimeout === responseStall) timers.add(id);
      },
      destroy: id => void timers.delete(id),
    }).enable();
    t.after(() => hook.disable());
    const ill = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 503 Ill\r\nContent-Length: 9\r\n\r\nhalf'),
    );
    const well = await rawUpstream(t, socket => socket.write(OK));
    const { port, ended } = await startProxy(t, [ill.port, well.port], { timeouts: { responseStall } });
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'ok');
    assert.equal((await ended()).attempts.length, 2);
    await eventually(() => timers.size === 0, { within: 1_000, hint: () => `${timers.size} timers left` });
  });

  it('an answer whose client breaks away before it took all of it does not count as taken', async t => {
    let accepted: Socket | undefined;
    const server = createServer(socket => {
      accepted = socket.on('error', () => {});
    });
    await listenOn(server);
    t.after(() => server.close());
    const client = await rawClient(t, portOf(server));
    client.socket.pause();
    const socket = await eventually(() => accepted, { within: 1_000, hint: 'a connection' });
    const reply = new ExpressReply(socket, new Outbox(), 'GET', false, '');
    reply.begin(readResponseHead(200, '\r\n', 0, 2), false);
    while (socket.writableLength === 0) reply.write(Buffer.alloc(64 * 1024));
    let wasTaken = false;
    reply.end([], () => {
      wasTaken = true;
    });
    const closed = new Promise(resolve => socket.once('close', resolve));
    // Past the turn at whose end it is written.
    await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
    client.socket.resetAndDestroy();
    await closed;
    assert.equal(wasTaken, false);
  });
});
