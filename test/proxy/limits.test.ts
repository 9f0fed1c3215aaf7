import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { eventually } from '../support/wait.ts';
import { startHttp, startProxy } from './support/proxy.ts';
import { fieldsOf, fullBacklog, rawClient, rawExchange, rawUpstream } from './support/raw.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

const codeOf = (answer: string): string => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)).code;

describe('limits', () => {
  it('414 for a target that is too long, also for one longer than all headers may be', async t => {
    const { port } = await startProxy(t, 1);
    for (const length of [9_000, 100_000]) {
      const answer = await rawExchange(
        t,
        port,
        `GET /${'a'.repeat(length)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      assert.match(answer, /^HTTP\/1\.1 414 /);
      assert.equal(codeOf(answer), 'uri_too_long');
    }
  });

  it('431 for headers that are too large or too many', async t => {
    const { port } = await startProxy(t, 1);
    const large = `X-A: ${'a'.repeat(40_000)}\r\n`;
    const many = 'X-A: 1\r\n'.repeat(300);
    for (const headers of [large, many]) {
      const answer = await rawExchange(
        t,
        port,
        `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`,
      );
      assert.match(answer, /^HTTP\/1\.1 431 /);
      assert.equal(codeOf(answer), 'headers_too_large');
    }
  });

  it('413 for a body over its limit, announced or not', async t => {
    const upstream = await startHttp(t, (req, res) => req.resume().on('end', () => res.end()));
    const { port, observed } = await startProxy(t, upstream.port, {
      limits: { bodyBytes: 10 },
      timeouts: { linger: 20 },
    });
    const announced = await rawExchange(t, port, `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n`);
    assert.equal(codeOf(announced), 'body_too_large');
    assert.equal(observed[0]?.attempts.length, 0);
    const chunked = await rawExchange(
      t,
      port,
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n',
    );
    assert.equal(codeOf(chunked), 'body_too_large');
    assert.deepEqual(observed[1]?.attempts[0]?.end, { clientLeft: true });
  });

  it('503 with Retry-After over the limit of requests, and as before under it', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port, proxy } = await startProxy(t, upstream.port, { limits: { requests: 1 } });
    const first = await rawClient(t, port);
    first.send(GET);
    await eventually(() => upstream.connections.length === 1, { within: 2_000, hint: 'the first request' });
    const answer = await rawExchange(t, port, GET);
    assert.match(answer, /^HTTP\/1\.1 503 /);
    assert.deepEqual(fieldsOf(answer)['retry-after'], ['1']);
    assert.equal(codeOf(answer), 'overloaded');
    upstream.connections[0]?.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    await first.untilOver();
    assert.deepEqual([proxy.figures().requests, proxy.figures().shed.requests], [0, 1]);
  });

  it('an instance with all its connections in use is left for another', async t => {
    const upstream = await rawUpstream(t, () => {});
    const other = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    );
    const limits = { connectionsPerInstance: 1 };
    const { port } = await startProxy(t, [upstream.port, other.port], { limits });
    (await rawClient(t, port)).send(GET);
    await eventually(() => upstream.connections.length === 1, { within: 2_000, hint: 'the first request' });
    assert.match(await rawExchange(t, port, GET), /^HTTP\/1\.1 200 /);
    const alone = await startProxy(t, upstream.port, { limits });
    (await rawClient(t, alone.port)).send(GET);
    await eventually(() => upstream.connections.length === 2, { within: 2_000, hint: 'its request' });
    assert.equal(codeOf(await rawExchange(t, alone.port, GET)), 'overloaded');
  });

  it('a connection that is being made for a client that has left is given up, and frees its place', async t => {
    const { port, observed } = await startProxy(t, await fullBacklog(t), {
      limits: { connectionsPerInstance: 1 },
      timeouts: { connect: 300 },
    });
    const impatient = await rawClient(t, port);
    impatient.send(GET);
    await eventually(() => observed[0]?.attempts.length === 1, { within: 2_000, hint: 'an attempt' });
    assert.equal(codeOf(await rawExchange(t, port, GET)), 'overloaded');
    impatient.socket.destroy();
    await eventually(() => observed[0]?.end, { within: 2_000, hint: 'its end' });
    assert.equal(codeOf(await rawExchange(t, port, GET)), 'connect_failed');
  });

  it('connections over the limit are closed as they come', async t => {
    const { port, proxy } = await startProxy(t, 1, { limits: { connections: 1 } });
    await rawClient(t, port);
    const second = await rawClient(t, port);
    assert.equal(await second.untilOver(), '');
    assert.equal(proxy.figures().shed.connections, 1);
  });

  it('connections over the limit of one address are closed as they come, those of others are not', async t => {
    const upstream = await startHttp(t, (_, res) => res.end('ok'));
    const { port, proxy } = await startProxy(t, upstream.port, { limits: { connectionsPerClient: 1 } });
    const first = await rawClient(t, port);
    const second = await rawClient(t, port);
    second.send(GET);
    assert.equal(await second.untilOver(), '');
    const other = await rawClient(t, port, '127.0.0.2');
    other.send(GET);
    assert.match(await other.untilOver(), /^HTTP\/1\.1 200 /);
    assert.equal(proxy.figures().shed.client_connections, 1);
    first.socket.destroy();
    await eventually(() => proxy.figures().connections === 0, { within: 2_000, hint: 'its end' });
    assert.match(await rawExchange(t, port, GET), /^HTTP\/1\.1 200 /);
  });
});

describe('slow clients', () => {
  it('Slowloris: a head that does not come to its end', async t => {
    const { port } = await startProxy(t, 1, { timeouts: { requestHead: 100 } });
    const answer = await rawExchange(t, port, 'GET / HTTP/1.1\r\nHost: x\r\nX-A: ');
    assert.match(answer, /^HTTP\/1\.1 408 /);
    assert.equal(codeOf(answer), 'request_timeout');
  });

  for (const [name, length] of [
    ['small', 9],
    ['large', 20_000],
  ] as const) {
    it(`R-U-Dead-Yet: a ${name} body that does not come to its end`, async t => {
      const upstream = await startHttp(t, (req, res) => req.resume().on('end', () => res.end()));
      const { port, ended } = await startProxy(t, upstream.port, { timeouts: { clientStall: 50 } });
      const request = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\nhalf`;
      assert.match(await rawExchange(t, port, request), /^HTTP\/1\.1 408 /);
      const { end, attempts } = await ended();
      assert.equal(end.error, 'request_timeout');
      for (const attempt of attempts) assert.deepEqual(attempt.end, { clientLeft: true });
    });
  }

  it('slow read: an answer that is not taken', async t => {
    const upstream = await startHttp(t, (_, res) => res.end(Buffer.alloc(64 * 1024 * 1024)));
    const { port, ended } = await startProxy(t, upstream.port, { timeouts: { clientStall: 100 } });
    const client = await rawClient(t, port);
    client.socket.pause();
    client.send(GET);
    const { end, attempts } = await ended();
    assert.deepEqual([end.status, end.error, end.cut], [200, 'request_timeout', true]);
    assert.deepEqual(attempts[0]?.end, { clientLeft: true });
  });

  it('are not those whose request waits behind an earlier one', async t => {
    let first: ServerResponse | undefined;
    const upstream = await startHttp(t, (req, res) => {
      if (req.url === '/1') first = res;
      else res.end('second');
    });
    const { port, observed } = await startProxy(t, upstream.port, { timeouts: { clientStall: 20 } });
    const client = await rawClient(t, port);
    client.send(`GET /1 HTTP/1.1\r\nHost: x\r\n\r\n${GET}`);
    await eventually(() => observed[1], { within: 2_000, hint: 'the second request' });
    // Several times as long as a client may let an answer lie that is its to take.
    const since = performance.now();
    await eventually(() => performance.now() - since > 100, { within: 2_000, hint: 'some time' });
    first?.end('first');
    assert.match(await client.untilOver(), /first[\s\S]*second/);
  });

  it('an idle connection is closed', async t => {
    const upstream = await startHttp(t, (_, res) => res.end('ok'));
    const { port } = await startProxy(t, upstream.port, { timeouts: { keepAlive: 50 } });
    const client = await rawClient(t, port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.match(await client.untilOver(), /ok\r\n0\r\n\r\n$|ok$/);
  });
});

describe('the port', () => {
  it('answers for itself whether it is ready, without a record', async t => {
    let ready = false;
    const { port, observed } = await startProxy(t, 1, { readyPath: '/.sluice/ready', isReady: () => ready });
    assert.equal((await fetch(`http://127.0.0.1:${port}/.sluice/ready`)).status, 503);
    ready = true;
    assert.equal((await fetch(`http://127.0.0.1:${port}/.sluice/ready?x`)).status, 200);
    assert.equal(observed.length, 0);
  });

  it('answers OPTIONS * for itself', async t => {
    const { port } = await startProxy(t, 1);
    const answer = await rawExchange(t, port, 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 200 /);
  });

  it('in use is told with a hint', async t => {
    const { port } = await startProxy(t, 1);
    const { proxy } = await startProxy(t, 1);
    await proxy.close();
    await assert.rejects(proxy.listen({ host: '127.0.0.1', port }), {
      name: 'ListenError',
      code: 'EADDRINUSE',
      message: new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use; .*port 0`),
    });
  });
});

describe('upstream connections', () => {
  it('of instances that are gone are closed once their requests are done', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port, proxy } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(GET);
    const connection = await eventually(() => upstream.connections[0], { within: 2_000, hint: 'a request' });
    proxy.retain(new Set());
    assert.equal(proxy.figures().upstreams, 0);
    connection.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    assert.match(await client.untilOver(), /ok$/);
    await eventually(() => connection.socket.destroyed, { within: 2_000, hint: 'a closed connection' });
  });

  it('of instances that stay are kept', async t => {
    const upstream = await startHttp(t, (_, res) => res.end('ok'));
    const { port, proxy } = await startProxy(t, upstream.port);
    await rawExchange(t, port, GET);
    proxy.retain(new Set([`node/svc@127.0.0.1:${upstream.port}`]));
    assert.equal(proxy.figures().upstreams, 1);
  });
});
