import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Dialer } from '../../src/proxy/upstream/dialer.ts';
import { Session, type SessionOwner } from '../../src/proxy/upstream/h2/session.ts';
import { UpstreamTls } from '../../src/proxy/upstream/tls.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { eventually } from '../support/wait.ts';
import { framesClient, head, PING } from './h2/support/frames-client.ts';
import { startH2 } from './support/h2.ts';
import { data, frame, ok, startFrames } from './support/h2-frames.ts';
import { startHttp, startProxy } from './support/proxy.ts';

const GET = [':method', 'GET', ':scheme', 'http', ':authority', 'x', ':path', '/'];

/** What RFC 9113 has the whole connection end for, and Node 20 tells nobody of. */
const breaks: readonly (readonly [what: string, frames: readonly Buffer[]])[] = [
  ['a PING of one byte', [frame(PING, 0, Buffer.alloc(1))]],
  ['DATA for nobody', [frame(0, 0, Buffer.from('x'))]],
  ['a field that no table has', [frame(1, 1, Buffer.from([0xff, 0xff, 0x03]), 4)]],
  ['a frame above the limit, half of it', [frame(0, 1, Buffer.alloc(20_000)).subarray(0, 100)]],
  [
    'padding longer than its frame, within an answer',
    [ok(1), data(1, 'a'), frame(0, 1, Buffer.from([9, 1]), 8)],
  ],
];

describe('an instance that breaks the rules of a connection of HTTP/2', () => {
  for (const [what, frames] of breaks) {
    it(`${what}: what waits for it is told, and it gets no further request there`, async t => {
      const port = await startFrames(t, socket => socket.write(Buffer.concat(frames)));
      const { session, told, isClosed } = startSession(t, port);
      await eventually(() => session.wasUsed, { within: 2_000, hint: 'a request' });

      await eventually(
        () => {
          session.check(performance.now());
          return isClosed() && told.length > 0;
        },
        { within: 4_000, hint: 'the session is given up' },
      );

      assert.equal(session.hasRoom, false);
    });
  }
});

it('an instance that takes its time is asked once, by a frame without effect, and keeps its session', async t => {
  let settings = 0;
  const upstream = await startH2(t, stream => {
    stream.session?.on('remoteSettings', () => {
      settings += 1;
    });
  });
  const { session, isClosed } = startSession(t, upstream.port);
  await eventually(() => upstream.requests.length === 1, { within: 2_000, hint: 'a request' });

  for (let look = 0; look < 50; look += 1) {
    session.check(performance.now());
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  }

  assert.equal(isClosed(), false);
  assert.equal(session.hasRoom, true);
  assert.equal(settings, 1);
});

describe('a client that breaks the rules of its connection of HTTP/2', { concurrency: true }, () => {
  for (const [how, leaves] of [
    ['and stays', false],
    ['and leaves', true],
  ] as const) {
    it(`${how}: nothing of it is left, neither request nor connection`, async t => {
      const { port: upstream } = await startHttp(t, () => {});
      const { port, proxy, observed } = await startProxy(t, upstream);
      const client = await framesClient(t, port);
      client.send(head(1, GET));
      await eventually(() => observed.length === 1, { within: 2_000, hint: 'a request' });

      client.send(frame(PING, 0, Buffer.alloc(1)));
      await eventually(() => client.frames.some(({ type }) => type === 7), { within: 2_000, hint: 'GOAWAY' });
      if (leaves) client.socket.destroy();

      await eventually(() => proxy.figures().requests + proxy.figures().connections === 0, {
        within: 7_000,
        hint: 'nothing is left',
      });
    });
  }

  it('after the answer was due: its connection is not kept either', async t => {
    const { port: upstream } = await startHttp(t, () => {});
    const { port, proxy } = await startProxy(t, upstream, { timeouts: { response: 100, clientStall: 100 } });
    const client = await framesClient(t, port, Buffer.from([0, 4, 0, 0, 0, 0]));
    client.send(head(1, GET), frame(PING, 0, Buffer.alloc(1)));
    await eventually(() => proxy.figures().connections === 0, { within: 8_000, hint: 'no connection' });
    assert.equal(proxy.figures().requests, 0);
  });
});

const startSession = (t: TestContext, port: number) => {
  const told: string[] = [];
  let isClosed = false;
  const owner: SessionOwner = {
    freed: session => {
      if (session.wasUsed || !session.hasRoom) return;
      const stream = session.request({ ':path': '/' }, true);
      stream.on('error', error => told.push(error.message)).resume();
    },
    closed: () => {
      isClosed = true;
    },
  };
  const instance = { id: 'broken', address: '127.0.0.1', port };
  const dialer = new Dialer(instance, { protocol: 'h2c' }, new UpstreamTls(), silentLog);
  const session = new Session(dialer, 1_000, owner);
  t.after(() => session.destroy());
  return { session, told, isClosed: () => isClosed };
};
