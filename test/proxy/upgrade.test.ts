import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../support/wait.ts';
import { startHttp, startProxy, VIA } from './support/proxy.ts';
import { deadPort, fieldsOf, fullBacklog, rawClient, rawExchange, rawUpstream } from './support/raw.ts';

const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: x.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const AGREED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const WITHIN = { within: 2_000 };

const echoServer = async (t: TestContext): Promise<{ port: number; requests: IncomingMessage[] }> => {
  const requests: IncomingMessage[] = [];
  const { port, server } = await startHttp(t, (_, res) => res.end('not a socket'));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, req) => {
    requests.push(req);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  return { port, requests };
};

const openWebSocket = async (t: TestContext, port: number, path = '/'): Promise<WebSocket> => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { Host: 'x.test' } });
  t.after(() => socket.terminate());
  await once(socket, 'open');
  return socket;
};

/** A raw upstream that agrees to every upgrade and hands the connection over. */
const agreeing = async (t: TestContext, then: (socket: Socket) => void = () => {}) =>
  rawUpstream(t, socket => {
    socket.write(AGREED);
    then(socket);
  });

describe('WebSocket', () => {
  it('echoes, small and large, and is observed and counted as long as it lasts', async t => {
    const upstream = await echoServer(t);
    const { port, ended, fleet, proxy } = await startProxy(t, upstream.port);
    const socket = await openWebSocket(t, port, '/chat?room=1');
    for (const message of ['hello', 'x'.repeat(1_000_000)]) {
      socket.send(message);
      const [answer] = (await once(socket, 'message')) as [Buffer];
      assert.equal(answer.toString(), message);
    }
    assert.equal(fleet.pending(`node/svc@127.0.0.1:${upstream.port}`), 1);
    assert.equal(proxy.figures().requests, 0);
    assert.equal(upstream.requests[0]?.url, '/chat?room=1');
    socket.close();
    const { start, attempts, end } = await ended();
    assert.deepEqual(
      [start.method, start.path, end.status, end.upgraded, end.cut],
      ['GET', '/chat', 101, true, undefined],
    );
    assert.deepEqual(
      attempts.map(a => a.end),
      [{ status: 101 }],
    );
    assert.ok(end.received > 1_000_000 && end.sent > 1_000_000, JSON.stringify(end));
    assert.equal(fleet.pending(`node/svc@127.0.0.1:${upstream.port}`), 0);
  });

  it('follows the same rules for headers', async t => {
    const upstream = await agreeing(t);
    const { port } = await startProxy(t, upstream.port, {
      nextId: () => 'the-id',
      traceHeaders: ['traceparent', '00-new'],
    });
    const client = await rawClient(t, port);
    client.send(
      UPGRADE.replace(
        '\r\n\r\n',
        '\r\nCookie: a=1\r\nProxy-Authorization: Basic c2VjcmV0\r\ntraceparent: 00-old\r\nX-Two: 1\r\nx-two: 2\r\n' +
          'X-Forwarded-For: 10.0.0.9\r\nSec-WebSocket-Key: abc\r\n\r\n',
      ),
    );
    const answer = fieldsOf(await client.until(/\r\n\r\n$/));
    const asked = fieldsOf(upstream.connections[0]?.text ?? '');
    assert.deepEqual(
      {
        host: asked.host,
        via: asked.via,
        cookie: asked.cookie,
        two: asked['x-two'],
        for: asked['x-forwarded-for'],
        trace: asked.traceparent,
        secret: asked['proxy-authorization'],
        key: asked['sec-websocket-key'],
        connection: asked.connection,
        upgrade: asked.upgrade,
        id: asked['x-request-id'],
      },
      {
        host: ['x.test'],
        via: [`1.1 ${VIA}`],
        cookie: ['a=1'],
        two: ['1', '2'],
        for: ['127.0.0.1'],
        trace: ['00-new'],
        secret: undefined,
        key: ['abc'],
        connection: ['Upgrade'],
        upgrade: ['websocket'],
        id: ['the-id'],
      },
    );
    assert.deepEqual(
      [answer.via, answer['x-request-id'], answer.connection],
      [[`1.1 ${VIA}`], ['the-id'], ['Upgrade']],
    );
  });

  it('sends path and query as they are, with what has no place in a path encoded', async t => {
    const upstream = await agreeing(t);
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(UPGRADE.replace('/chat', '/a//b/{c}|d?x=http://y//z|{'));
    await client.until(/^HTTP\/1\.1 101 /);
    assert.match(
      upstream.connections[0]?.text ?? '',
      /^GET \/a\/\/b\/%7Bc%7D%7Cd\?x=http:\/\/y\/\/z\|\{ HTTP\/1\.1\r\n/,
    );
  });

  it('loses no byte that travels with either head', async t => {
    const upstream = await rawUpstream(t, socket => socket.write(`${AGREED}welcome`));
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(`${UPGRADE}eager`);
    await client.until(/\r\n\r\nwelcome$/);
    await eventually(() => upstream.connections[0]?.text.endsWith('\r\n\r\neager'), {
      ...WITHIN,
      hint: 'eager',
    });
  });

  it('carries other protocols as well', async t => {
    const upstream = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n'),
    );
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(UPGRADE.replace('websocket', 'echo/1'));
    assert.deepEqual(fieldsOf(await client.until(/\r\n\r\n$/)).upgrade, ['echo/1']);
    assert.deepEqual(fieldsOf(upstream.connections[0]?.text ?? '').upgrade, ['echo/1']);
  });
});

describe('an upgrade that is not passed on is ignored', () => {
  for (const [name, request] of [
    [
      'h2c smuggling',
      UPGRADE.replace('websocket', 'h2c').replace(
        'Upgrade\r\n',
        'Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n',
      ),
    ],
    [
      'of a request with a body',
      'POST /chat HTTP/1.1\r\nHost: x.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n\r\nbody',
    ],
    ['to a choice of protocols', UPGRADE.replace('websocket', 'websocket, h2c')],
  ] as const) {
    it(name, async t => {
      const seen: IncomingMessage[] = [];
      const upstream = await startHttp(t, (req, res) => {
        seen.push(req);
        req.resume().on('end', () => res.end('plain'));
      });
      const { port, ended, proxy } = await startProxy(t, upstream.port);
      const client = await rawClient(t, port);
      client.send(request);
      await client.until(/^HTTP\/1\.1 200 [\s\S]*plain/);
      client.send('GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      await client.untilOver();
      assert.deepEqual(
        seen.map(r => [r.url, r.headers.upgrade, r.headers['http2-settings']]),
        [
          ['/chat', undefined, undefined],
          ['/next', undefined, undefined],
        ],
      );
      assert.equal((await ended(1)).end.status, 200);
      await eventually(() => proxy.figures().connections === 0, { ...WITHIN, hint: 'no connection left' });
    });
  }
});

describe('an upgrade that comes to nothing', () => {
  for (const [name, response, body] of [
    ['with a length', 'Content-Length: 6\r\n\r\nno way', /\r\n\r\nno way$/],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n3\r\nno \r\n3\r\nway\r\n0\r\n\r\n', /\r\n\r\nno way$/],
    ['without a body', 'Content-Length: 0\r\n\r\n', /\r\n\r\n$/],
  ] as const) {
    it(`the upstream declines ${name}`, async t => {
      const upstream = await rawUpstream(t, socket =>
        socket.write(
          `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n${response}`,
        ),
      );
      const { port, ended } = await startProxy(t, upstream.port);
      const answer = await rawExchange(t, port, UPGRADE);
      const fields = fieldsOf(answer);
      assert.match(answer, /^HTTP\/1\.1 401 Unauthorized\r\n/);
      assert.match(answer, body);
      assert.deepEqual(
        [fields['set-cookie'], fields.via, fields.connection, fields['transfer-encoding']],
        [['a=1', 'b=2'], [`1.1 ${VIA}`], ['close'], undefined],
      );
      const { end, attempts } = await ended();
      assert.deepEqual([end.status, end.upgraded, end.error], [401, undefined, undefined]);
      assert.deepEqual(attempts[0]?.end, { status: 401 });
    });
  }

  for (const how of ['destroy', 'resetAndDestroy'] as const) {
    it(`the upstream dies by ${how} while it declines: the client is reset`, async t => {
      const upstream = await rawUpstream(t, socket =>
        socket.write('HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\nhalf'),
      );
      const { port, ended } = await startProxy(t, upstream.port);
      const client = await rawClient(t, port);
      client.send(UPGRADE);
      await client.until(/half/);
      upstream.connections[0]?.socket[how]();
      assert.doesNotMatch(await client.untilOver(), /problem/);
      assert.equal(client.end(), 'reset');
      const { end } = await ended();
      assert.deepEqual([end.status, end.cut, end.error], [401, true, 'upstream_reset']);
    });
  }

  const codeOf = (answer: string): string => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)).code;

  it('nobody listens: 502', async t => {
    const { port, ended } = await startProxy(t, await deadPort());
    const answer = await rawExchange(t, port, UPGRADE);
    assert.match(answer, /^HTTP\/1\.1 502 Bad Gateway\r\nContent-Type: application\/problem\+json\r\n/);
    assert.equal(codeOf(answer), 'connect_failed');
    assert.equal((await ended()).end.error, 'connect_failed');
  });

  it('nobody listens there: another instance is asked', async t => {
    const upstream = await echoServer(t);
    const { port, ended } = await startProxy(t, [await deadPort(), upstream.port]);
    const socket = await openWebSocket(t, port);
    socket.send('hello');
    await once(socket, 'message');
    socket.close();
    assert.deepEqual(
      (await ended()).attempts.map(a => a.end),
      [{ error: 'connect_failed' }, { status: 101 }],
    );
  });

  it('connecting takes too long: 502', async t => {
    const { port } = await startProxy(t, await fullBacklog(t), { timeouts: { connect: 50 } });
    assert.equal(codeOf(await rawExchange(t, port, UPGRADE)), 'connect_failed');
  });

  it('the upstream does not answer: 504', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port } = await startProxy(t, upstream.port, { timeouts: { responseHead: 50 } });
    assert.equal(codeOf(await rawExchange(t, port, UPGRADE)), 'upstream_timeout');
    await eventually(() => upstream.connections[0]?.socket.destroyed, { ...WITHIN, hint: 'an abort' });
  });

  it('the upstream answers with garbage: 502', async t => {
    const upstream = await rawUpstream(t, socket => socket.write('nonsense\r\n\r\n'));
    const { port } = await startProxy(t, upstream.port);
    assert.equal(codeOf(await rawExchange(t, port, UPGRADE)), 'bad_response');
  });

  it('the upstream dies before it answers: 502', async t => {
    const upstream = await rawUpstream(t, socket => socket.resetAndDestroy());
    const { port } = await startProxy(t, upstream.port);
    assert.equal(codeOf(await rawExchange(t, port, UPGRADE)), 'upstream_reset');
  });

  it('no route, a loop, no Host: the same answers as without upgrade', async t => {
    const { port } = await startProxy(t, 1, { decide: () => ({ code: 'no_route' }) });
    assert.equal(codeOf(await rawExchange(t, port, UPGRADE)), 'no_route');
    assert.equal(
      codeOf(await rawExchange(t, port, UPGRADE.replace('Host', `Via: 1.1 ${VIA}\r\nHost`))),
      'loop_detected',
    );
    assert.equal(codeOf(await rawExchange(t, port, UPGRADE.replace('Host: x.test\r\n', ''))), 'bad_request');
  });
});

describe('one side vanishes', () => {
  for (const how of ['destroy', 'resetAndDestroy', 'end'] as const) {
    it(`the client, by ${how}: the upstream's connection is closed`, async t => {
      const upstream = await agreeing(t);
      const { port, ended, proxy } = await startProxy(t, upstream.port, { timeouts: { linger: 50 } });
      const client = await rawClient(t, port);
      client.send(UPGRADE);
      await client.until(/^HTTP\/1\.1 101 /);
      client.socket[how]();
      await eventually(() => upstream.connections[0]?.socket.destroyed, {
        ...WITHIN,
        hint: 'a closed upstream',
      });
      assert.equal((await ended()).end.upgraded, true);
      await eventually(() => proxy.figures().connections === 0, { ...WITHIN, hint: 'no connection left' });
    });

    it(`the upstream, by ${how}: the client's connection is closed`, async t => {
      const upstream = await agreeing(t);
      const { port, ended } = await startProxy(t, upstream.port, { timeouts: { linger: 50 } });
      const client = await rawClient(t, port);
      client.send(UPGRADE);
      await client.until(/^HTTP\/1\.1 101 /);
      upstream.connections[0]?.socket[how]();
      await client.untilOver();
      assert.equal((await ended()).end.status, 101);
    });

    it(`the client, by ${how}, before the upstream answered: its request is aborted`, async t => {
      const upstream = await rawUpstream(t, () => {});
      const { port, ended } = await startProxy(t, upstream.port);
      const client = await rawClient(t, port);
      client.send(UPGRADE);
      await eventually(() => upstream.connections[0]?.text.includes('\r\n\r\n'), {
        ...WITHIN,
        hint: 'a request',
      });
      client.socket[how]();
      await eventually(() => upstream.connections[0]?.socket.destroyed, { ...WITHIN, hint: 'an abort' });
      const { end, attempts } = await ended();
      assert.equal(end.status, 499);
      assert.deepEqual(attempts[0]?.end, { clientLeft: true });
    });
  }

  it('not at all, but it does not read: the other is stopped', async t => {
    const MB = 1024 * 1024;
    let written = 0;
    const upstream = await agreeing(t, socket => {
      const more = (): void => {
        while (written < 100 * MB) {
          written += MB;
          if (!socket.write(Buffer.alloc(MB))) return void socket.once('drain', more);
        }
      };
      more();
    });
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.socket.pause();
    client.send(UPGRADE);
    let last = -1;
    let since = performance.now();
    await eventually(
      () => {
        if (written !== last) [last, since] = [written, performance.now()];
        return last > 0 && performance.now() - since > 300;
      },
      { within: 10_000, hint: 'standstill' },
    );
    assert.ok(written < 24 * MB, `${written} bytes`);
  });
});

describe('drain', () => {
  it('lets an upgraded connection live until the deadline, and then cuts it', async t => {
    const upstream = await echoServer(t);
    const { port, proxy } = await startProxy(t, upstream.port);
    const socket = await openWebSocket(t, port);
    const drained = proxy.drain(1_500);
    socket.send('still there');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    assert.equal(answer.toString(), 'still there');
    assert.deepEqual(await drained, { cut: 1 });
    if (socket.readyState !== WebSocket.CLOSED) await once(socket, 'close');
  });

  it('begins no upgraded connection any more', async t => {
    const upstream = await echoServer(t);
    const { port, proxy } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until(/not a socket/);
    const drained = proxy.drain(2_000);
    client.send(UPGRADE);
    assert.match(await client.untilOver(), /HTTP\/1\.1 503 [\s\S]*"overloaded"/);
    client.socket.destroy();
    assert.deepEqual(await drained, { cut: 0 });
  });
});
