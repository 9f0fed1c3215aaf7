import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../../support/wait.ts';
import { data, frame, GOAWAY, HEADERS, number32, RST_STREAM, reset, SETTINGS } from '../support/h2-frames.ts';
import { startProxyProcess } from '../support/own-process.ts';
import { startHttp, startProxy } from '../support/proxy.ts';
import {
  ACK,
  block,
  CONTINUATION,
  END_HEADERS,
  END_STREAM,
  type FramesClient,
  framesClient,
  head,
  PING,
  WINDOW_UPDATE,
} from './support/frames-client.ts';

const GET = [':method', 'GET', ':scheme', 'http', ':authority', 'x', ':path', '/'];
const POST = [':method', 'POST', ':scheme', 'http', ':authority', 'x', ':path', '/'];

const ENHANCE_YOUR_CALM = 11;
const REFUSED_STREAM = 7;
const INTERNAL_ERROR = 2;

/** A proxy in front of an upstream that answers nothing. */
const silent = async (t: TestContext, options: Parameters<typeof startProxy>[2] = {}) => {
  let requests = 0;
  const { port: upstream } = await startHttp(t, () => {
    requests += 1;
  });
  return { ...(await startProxy(t, upstream, options)), requests: () => requests };
};

const codeOf = ({ payload }: { payload: Buffer }): number =>
  payload.readUInt32BE(payload.length >= 8 ? 4 : 0);

/** Odd numbers, as clients give them. */
const streams = (count: number): number[] => Array.from({ length: count }, (_, i) => i * 2 + 1);

const isCut = (client: FramesClient): Promise<void> => client.untilOver();

describe('floods of HTTP/2', () => {
  it('rapid reset: requests that are given up as they are sent (CVE-2023-44487)', async t => {
    const { port, proxy, observed } = await silent(t);
    const client = await framesClient(t, port);

    // In one write, so that much of it is read together.
    client.send(...streams(5_000).flatMap(stream => [head(stream, GET), reset(stream, 8)]));

    await isCut(client);
    assert.ok(observed.length <= 600, `${observed.length} requests were begun`);
    await eventually(() => proxy.figures().requests === 0, { within: 5_000, hint: 'no request is left' });
  });

  it('made you reset: the server is brought to reset them (CVE-2025-8671)', async t => {
    const { port, proxy, observed } = await silent(t);
    const client = await framesClient(t, port);

    // A window that grows by nothing is an error of the stream (RFC 9113, 6.9).
    for (const stream of streams(5_000)) {
      client.send(head(stream, GET), frame(WINDOW_UPDATE, stream, number32(0)));
    }

    await isCut(client);
    assert.ok(observed.length <= 600, `${observed.length} requests were begun`);
    await eventually(() => proxy.figures().requests === 0, { within: 5_000, hint: 'no request is left' });
  });

  it('a head without end: CONTINUATION after CONTINUATION (CVE-2024-27316)', async t => {
    const { port, observed } = await silent(t);
    const client = await framesClient(t, port);

    client.send(frame(HEADERS, 1, block(...GET), END_STREAM));
    for (let i = 0; i < 1_000; i += 1) client.send(frame(CONTINUATION, 1, block('x-a', 'b'.repeat(1_000))));

    await isCut(client);
    assert.equal(observed.length, 0);
  });

  it('empty CONTINUATIONs without end (CVE-2019-9518)', async t => {
    const { port, observed } = await silent(t);
    const client = await framesClient(t, port);

    client.send(frame(HEADERS, 1, block(...GET), END_STREAM));
    for (let i = 0; i < 1_000; i += 1) client.send(frame(CONTINUATION, 1));

    await isCut(client);
    assert.equal(observed.length, 0);
  });

  it('empty DATA without end (CVE-2019-9518)', async t => {
    const { port, proxy } = await silent(t);
    const client = await framesClient(t, port);

    client.send(head(1, POST, 0));
    for (let i = 0; i < 5_000; i += 1) client.send(frame(0, 1));

    await isCut(client);
    await eventually(() => proxy.figures().requests === 0, { within: 5_000, hint: 'no request is left' });
  });

  it('settings without end (CVE-2019-9515)', async t => {
    const { port } = await silent(t);
    const client = await framesClient(t, port);

    for (let i = 0; i < 5_000; i += 1) client.send(frame(SETTINGS, 0));

    await isCut(client);
  });

  it('an HPACK bomb: one large field, named again and again', async t => {
    const { port, observed } = await silent(t, { limits: { headerBytes: 16 * 1024 } });
    const client = await framesClient(t, port);
    // Literal with indexing (RFC 7541, 6.2.1), then its index, 62: 4,000 bytes each.
    const large = block('x-large', 'a'.repeat(4_000));
    const first = Buffer.concat([block(...GET), Buffer.from([0x40]), large.subarray(1)]);
    const bomb = Buffer.concat([first, Buffer.alloc(10_000, 0x80 | 62)]);

    client.send(frame(HEADERS, 1, bomb, END_HEADERS | END_STREAM));

    assert.equal(codeOf(await client.until(RST_STREAM, 1)), ENHANCE_YOUR_CALM);
    assert.equal(observed.length, 0);
  });

  it('more requests at once than are allowed, of a client that knows it', async t => {
    const { port } = await silent(t, { limits: { streamsPerConnection: 5 } });
    const client = await framesClient(t, port);
    client.send(frame(SETTINGS, 0, Buffer.alloc(0), ACK));

    client.send(...streams(6).map(stream => head(stream, GET)));

    await isCut(client);
  });

  it('more requests at once than are allowed, before the client knows it', async t => {
    const { port, requests } = await silent(t, { limits: { streamsPerConnection: 5 } });
    const client = await framesClient(t, port);

    client.send(...streams(6).map(stream => head(stream, GET)));

    assert.equal(codeOf(await client.until(RST_STREAM, 11)), REFUSED_STREAM);
    await eventually(() => requests() === 5, { within: 5_000, hint: 'the others go on' });
  });

  it('a window of nothing: an answer that is not taken (CVE-2019-9517)', async t => {
    const { port: upstream } = await startHttp(t, (_, res) => res.end(Buffer.alloc(1_000_000)));
    const { port, proxy, ended } = await startProxy(t, upstream, { timeouts: { clientStall: 300 } });
    const noWindow = Buffer.from([0, 4, 0, 0, 0, 0]);
    const client = await framesClient(t, port, noWindow);

    client.send(head(1, GET));

    assert.equal(codeOf(await client.until(RST_STREAM, 1)), INTERNAL_ERROR);
    assert.equal((await ended()).end.cut, true);
    assert.equal(proxy.figures().requests, 0);
  });

  it('an upload that does not come', async t => {
    const { port } = await silent(t, { timeouts: { clientStall: 300 } });
    const client = await framesClient(t, port);

    client.send(head(1, POST, 0), data(1, 'a'));

    const { payload } = await client.until(HEADERS, 1);
    assert.ok(payload.length > 0);
    assert.equal(codeOf(await client.until(RST_STREAM, 1)), 0, 'no more of it is wanted');
  });

  for (const [what, frames] of [
    ['nothing behind the preface', []],
    ['half a head', [frame(HEADERS, 1, block(...GET), END_STREAM)]],
    ['pings alone', [frame(PING, 0, Buffer.alloc(8))]],
  ] as const) {
    it(`a connection with ${what} ends`, async t => {
      const { port } = await silent(t, { timeouts: { requestHead: 300 } });
      const client = await framesClient(t, port);

      client.send(...frames);

      await client.until(GOAWAY);
      await isCut(client);
    });
  }

  it('an idle connection is told to end', async t => {
    const { port: upstream } = await startHttp(t, (_, res) => res.end('ok'));
    const { port } = await startProxy(t, upstream, { timeouts: { keepAlive: 300 } });
    const client = await framesClient(t, port);

    client.send(head(1, GET));
    await client.until(HEADERS, 1);

    assert.equal(codeOf(await client.until(GOAWAY)), 0);
    await isCut(client);
  });

  it('pings whose answers nobody reads (CVE-2019-9512) cost no memory', async t => {
    const { port: upstream } = await startHttp(t, (_, res) => res.end('ok'));
    const { port, residentMb } = await startProxyProcess(t, { upstream });
    const client = await framesClient(t, port);
    client.socket.pause();
    const before = residentMb();
    const pings = Buffer.concat(Array.from({ length: 10_000 }, () => frame(PING, 0, Buffer.alloc(8))));

    for (let i = 0; i < 100 && client.socket.writable; i += 1) {
      if (!client.socket.write(pings)) {
        await eventually(() => client.socket.writableLength === 0 || !client.socket.writable, {
          within: 5_000,
          hint: 'the proxy reads on, or ends it',
        }).catch(() => {});
      }
      if (client.socket.writableLength > 0) break;
    }

    assert.ok(residentMb() - before < 60, `${residentMb() - before} MB`);
    const other = await framesClient(t, port);
    other.send(head(1, GET));
    await other.until(HEADERS, 1);
  });
});
