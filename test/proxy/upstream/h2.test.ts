import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { ProxyOptions } from '../../../src/proxy/options.ts';
import { Dialer } from '../../../src/proxy/upstream/dialer.ts';
import { Session, type SessionOwner } from '../../../src/proxy/upstream/h2/session.ts';
import { UpstreamTls } from '../../../src/proxy/upstream/tls.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { eventually } from '../../support/wait.ts';
import { type H2Upstream, startH2 } from '../support/h2.ts';
import { data, frame, GOAWAY, number32, ok, reset, startFrames } from '../support/h2-frames.ts';
import { decisionFor, type ProxyUnderTest, spokenTo, startHttp, startProxy } from '../support/proxy.ts';
import { rawClient, rawExchange, rawUpstream } from '../support/raw.ts';

const CLOSE = 'Host: shop.test\r\nConnection: close\r\n\r\n';
const GET = `GET /a?b=1 HTTP/1.1\r\n${CLOSE}`;

/** A proxy that speaks HTTP/2 in the clear to all of these. */
const startSpeaking = (
  t: TestContext,
  ports: readonly number[],
  options: Partial<ProxyOptions> = {},
): Promise<ProxyUnderTest> =>
  startProxy(t, ports, {
    decide: ({ path }) => spokenTo({ protocol: 'h2c' }, decisionFor(path, ...ports)),
    ...options,
  });

const statusOf = (answer: string): number => Number(answer.slice(9, 12));
const codeOf = (answer: string): string => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)).code;

describe('an instance that speaks HTTP/2', () => {
  it('gets the request as HTTP/2 has it', async t => {
    const upstream = await startH2(t, stream => stream.respond({ ':status': 204 }, { endStream: true }));
    const { port } = await startSpeaking(t, [upstream.port]);
    const fields =
      'Cookie: a=1\r\nCookie: b=2\r\nX-List: 1\r\nx-list: 2\r\nTE: trailers\r\nKeep-Alive: timeout=5\r\n';
    const answer = await rawExchange(t, port, `GET /a?b=1 HTTP/1.1\r\n${fields}${CLOSE}`);
    assert.equal(statusOf(answer), 204);
    const [headers = {}] = upstream.requests;
    assert.equal(headers[':method'], 'GET');
    assert.equal(headers[':scheme'], 'http');
    assert.equal(headers[':authority'], 'shop.test');
    assert.equal(headers[':path'], '/a?b=1');
    assert.equal(headers.host, undefined);
    assert.equal(headers.cookie, 'a=1; b=2');
    assert.equal(headers['x-list'], '1, 2');
    assert.equal(headers.te, 'trailers');
    assert.equal(headers['x-forwarded-host'], 'shop.test');
    assert.equal(headers['keep-alive'], undefined);
  });

  it('answers with interim responses, fields, body and trailers', async t => {
    const upstream = await startH2(t, stream => {
      stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' });
      stream.respond(
        { ':status': 200, 'set-cookie': ['a=1', 'b=2'], trailer: 'x-sum' },
        { waitForTrailers: true },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
      stream.end('hello');
    });
    const { port, ended } = await startSpeaking(t, [upstream.port]);
    const answer = await rawExchange(t, port, `GET / HTTP/1.1\r\nTE: trailers\r\n${CLOSE}`);
    assert.match(answer, /^HTTP\/1\.1 103 .*\r\nlink: <\/a\.css>; rel=preload\r\n/i);
    assert.match(answer, /\r\nHTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /set-cookie: a=1\r\nset-cookie: b=2\r\n/i);
    assert.match(answer, /\r\n5\r\nhello\r\n0\r\nx-sum: 42\r\n\r\n$/i);
    const { end, attempts } = await ended();
    assert.deepEqual([end.status, attempts[0]?.end], [200, { status: 200 }]);
  });

  it('echoes a large body as it comes, both ways at once', async t => {
    const upstream = await startH2(t, stream => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    });
    const { port } = await startSpeaking(t, [upstream.port]);
    const sent = Buffer.alloc(8 * 1024 * 1024, 'sluice ');
    const [status, received] = await post(port, sent);
    assert.equal(status, 200);
    assert.ok(received.equals(sent));
  });

  it('carries many requests at once over one connection', async t => {
    const held: ServerHttp2Stream[] = [];
    const upstream = await startH2(t, stream => {
      held.push(stream);
      if (held.length === 50) for (const each of held) each.respond({ ':status': 204 }, { endStream: true });
    });
    const { port } = await startSpeaking(t, [upstream.port]);
    const answers = await Promise.all(Array.from({ length: 50 }, () => rawExchange(t, port, GET)));
    assert.deepEqual(new Set(answers.map(statusOf)), new Set([204]));
    assert.equal(upstream.sessions.size, 1);
  });

  it('gets another connection for each stream where it takes one at a time', async t => {
    const held: ServerHttp2Stream[] = [];
    const answerAll = (stream: ServerHttp2Stream): void => {
      held.push(stream);
      if (held.length === 8) for (const each of held) each.respond({ ':status': 204 }, { endStream: true });
    };
    const upstream = await startH2(t, answerAll, { settings: { maxConcurrentStreams: 1 } });
    const { port } = await startSpeaking(t, [upstream.port]);
    const answers = await Promise.all(Array.from({ length: 8 }, () => rawExchange(t, port, GET)));
    assert.deepEqual(new Set(answers.map(statusOf)), new Set([204]));
    assert.equal(upstream.sessions.size, 8);
  });

  it('stays within the connections that it may have', async t => {
    const upstream = await startH2(t, () => {}, { settings: { maxConcurrentStreams: 1 } });
    const { port } = await startSpeaking(t, [upstream.port], { limits: { connectionsPerInstance: 1 } });
    const first = await rawClient(t, port);
    first.send(GET);
    await eventually(() => upstream.requests.length === 1, { within: 2_000, hint: 'the first request' });
    const answer = await rawExchange(t, port, GET);
    assert.deepEqual([statusOf(answer), codeOf(answer)], [503, 'overloaded']);
  });
});

describe('what goes wrong with an instance that speaks HTTP/2', () => {
  it('a client that leaves: the stream is cancelled, and the connection goes on', async t => {
    let rstCode: number | undefined;
    const upstream = await startH2(t, stream => {
      stream.on('close', () => {
        rstCode = stream.rstCode;
      });
    });
    const { port, ended } = await startSpeaking(t, [upstream.port]);
    const client = await rawClient(t, port);
    client.send(GET);
    await eventually(() => upstream.requests.length === 1, { within: 2_000, hint: 'a request' });
    client.socket.destroy();
    await eventually(() => rstCode === constants.NGHTTP2_CANCEL, { within: 2_000, hint: 'CANCEL' });
    assert.equal((await ended()).end.status, 499);
    assert.equal(upstream.sessions.size, 1);
  });

  const resets: [string, Buffer[]][] = [
    ['it resets the stream', [reset(1, constants.NGHTTP2_INTERNAL_ERROR)]],
    ['it resets the stream as if all were well', [reset(1, constants.NGHTTP2_NO_ERROR)]],
    ['it cancels the stream', [reset(1, constants.NGHTTP2_CANCEL)]],
    ['it ends the session with an error', [frame(GOAWAY, 0, Buffer.concat([number32(1), number32(11)]))]],
    ['it sends an answer within the answer', [ok(1)]],
  ];
  for (const [name, frames] of resets) {
    it(`${name} in the middle of an answer: the client's is cut`, async t => {
      let held: Socket | undefined;
      const upstream = await startFrames(t, (socket, stream) => {
        socket.write(Buffer.concat([ok(stream), data(stream, 'half')]));
        held = socket;
      });
      await isCutAt(t, upstream, () => held?.write(Buffer.concat(frames)));
    });
  }

  const ends: [string, (socket: Socket) => void][] = [
    ['is reset', socket => socket.resetAndDestroy()],
    ['ends', socket => socket.end()],
  ];
  for (const [name, cut] of ends) {
    it(`its connection ${name} in the middle of an answer: the client's is cut`, async t => {
      let held: Socket | undefined;
      const upstream = await startFrames(t, (socket, stream) => {
        held = socket;
        socket.write(Buffer.concat([ok(stream), data(stream, 'half')]));
      });
      await isCutAt(t, upstream, () => held && cut(held));
    });
  }

  it('it resets a stream before its answer: a safe request goes elsewhere', async t => {
    const bad = await startH2(t, stream => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    const good = await startH2(t, stream => stream.respond({ ':status': 204 }, { endStream: true }));
    const { port, ended } = await startSpeaking(t, [bad.port, good.port]);
    assert.equal(statusOf(await rawExchange(t, port, GET)), 204);
    assert.deepEqual(
      (await ended()).attempts.map(({ end }) => end),
      [{ error: 'upstream_reset' }, { status: 204 }],
    );
  });

  it('it refuses a stream: any request goes elsewhere, and nobody is blamed', async t => {
    const busy = await startH2(t, stream => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    const good = await startH2(t, stream => stream.respond({ ':status': 204 }, { endStream: true }));
    const { port, ended } = await startSpeaking(t, [busy.port, good.port]);
    assert.equal(
      statusOf(
        await rawExchange(t, port, `POST / HTTP/1.1\r\nContent-Length: 2\r\n${CLOSE.slice(0, -2)}\r\nhi`),
      ),
      204,
    );
    assert.deepEqual(
      (await ended()).attempts.map(({ end }) => end),
      [{ error: 'overloaded' }, { status: 204 }],
    );
  });

  it('it does not answer: the request times out, and its stream is cancelled', async t => {
    const upstream = await startH2(t, () => {});
    const { port } = await startSpeaking(t, [upstream.port], { timeouts: { responseHead: 200 } });
    const answer = await rawExchange(t, port, GET);
    assert.deepEqual([statusOf(answer), codeOf(answer)], [504, 'upstream_timeout']);
    assert.equal(upstream.sessions.size, 1);
  });

  it('it vanishes without a word: it is asked whether it is there, and given up', async t => {
    const silent = await startFrames(t, () => {});
    const lost: string[] = [];
    const owner: SessionOwner = {
      freed: session => {
        if (lost.length > 0) return;
        const stream = session.request({ ':path': '/' }, true);
        stream.on('error', error => lost.push(error.message));
      },
      closed: () => lost.push('closed'),
    };
    const instance = { id: 'silent', address: '127.0.0.1', port: silent };
    const dialer = new Dialer(instance, { protocol: 'h2c' }, new UpstreamTls(), silentLog);
    const session = new Session(dialer, 1_000, owner);
    t.after(() => session.destroy());
    await eventually(() => session.wasUsed, { within: 2_000, hint: 'a request' });
    t.mock.timers.enable({ apis: ['setTimeout'] });

    session.check(performance.now());
    session.check(performance.now() + 14_000);
    t.mock.timers.tick(11_000);
    assert.deepEqual(lost, [], 'an answer may take a while');
    session.check(performance.now() + 16_000);
    t.mock.timers.tick(11_000);
    t.mock.timers.reset();

    await eventually(() => lost.length === 2, { within: 2_000, hint: 'the session is given up' });
    assert.deepEqual(lost.sort(), ['closed', 'the instance answers no PING']);
  });

  it('it speaks HTTP/1.1: the request reaches nobody, and the log says what to do', async t => {
    const upstream = await startHttp(t, (_, res) => res.end('no'));
    const { port, ended } = await startSpeaking(t, [upstream.port]);
    const answer = await rawExchange(t, port, GET);
    assert.deepEqual([statusOf(answer), codeOf(answer)], [502, 'connect_failed']);
    assert.deepEqual((await ended()).attempts[0]?.end, { error: 'connect_failed' });
  });

  it('it says nothing at all: connecting takes too long', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port } = await startSpeaking(t, [upstream.port], { timeouts: { connect: 200 } });
    const answer = await rawExchange(t, port, GET);
    assert.deepEqual([statusOf(answer), codeOf(answer)], [502, 'connect_failed']);
  });
});

describe('sessions that end under load', () => {
  it('GOAWAY after every few requests: none of them fails', async t => {
    const upstream: H2Upstream = await startH2(t, stream => {
      if (upstream.requests.length % 7 === 0)
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR, (stream.id ?? 1) - 2);
      stream.respond({ ':status': 204 }, { endStream: true });
    });
    const { port } = await startSpeaking(t, [upstream.port]);
    const clients = Array.from({ length: 10 }, async () => {
      for (let i = 0; i < 20; i += 1) assert.equal(statusOf(await rawExchange(t, port, GET)), 204);
    });
    await Promise.all(clients);
  });

  it('the proxy is closed while streams are open: nobody waits', async t => {
    const upstream = await startH2(t, () => {});
    const { port, proxy } = await startSpeaking(t, [upstream.port]);
    const client = await rawClient(t, port);
    client.send(GET);
    await eventually(() => upstream.requests.length === 1, { within: 2_000, hint: 'a request' });
    await proxy.close();
    await eventually(() => upstream.sessions.size === 0, { within: 2_000, hint: 'no session' });
  });

  it('instances that are no more: their sessions end with their last request', async t => {
    const streams: ServerHttp2Stream[] = [];
    const upstream = await startH2(t, stream => streams.push(stream));
    const { port, proxy } = await startSpeaking(t, [upstream.port]);
    const answer = rawExchange(t, port, GET);
    await eventually(() => streams.length === 1, { within: 2_000, hint: 'a request' });
    proxy.retain(new Set());
    streams[0]?.respond({ ':status': 204 }, { endStream: true });
    assert.equal(statusOf(await answer), 204);
    await eventually(() => upstream.sessions.size === 0, { within: 2_000, hint: 'no session' });
  });
});

const isCutAt = async (t: TestContext, upstream: number, cut: () => void): Promise<void> => {
  const { port, ended } = await startSpeaking(t, [upstream]);
  const client = await rawClient(t, port);
  client.send(GET);
  await client.until(/half/);
  cut();
  const answer = await client.untilOver();
  assert.doesNotMatch(answer, /\r\n0\r\n\r\n$/);
  const { end, attempts } = await ended();
  assert.ok(end.cut);
  assert.equal(attempts[0]?.end?.error, end.error);
  assert.match(String(end.error), /upstream_reset|bad_response/);
};

const post = async (port: number, body: Buffer): Promise<[number | undefined, Buffer]> => {
  const req = request({ host: '127.0.0.1', port, method: 'POST', agent: false });
  req.end(body);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of res) pieces.push(piece as Buffer);
  return [res.statusCode, Buffer.concat(pieces)];
};
