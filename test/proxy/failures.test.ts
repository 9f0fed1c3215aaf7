import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/wait.ts';
import { startHttp, startProxy } from './support/proxy.ts';
import { deadPort, fullBacklog, rawClient, rawExchange, rawUpstream } from './support/raw.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Status and code of a problem. */
const problemOf = (answer: string): { status: number; code: string } => {
  const { status, code } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
  return { status, code };
};

describe('a client that leaves', () => {
  it('before the answer: the upstream request is aborted, nobody is blamed, and 499 is recorded', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port, ended, fleet, proxy } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(GET);
    const connection = await eventually(() => upstream.connections[0], { within: 2_000, hint: 'a request' });
    client.socket.destroy();
    await eventually(() => connection.socket.destroyed, { within: 2_000, hint: 'an aborted request' });
    const { end, attempts } = await ended();
    assert.deepEqual([end.status, end.error, end.cut], [499, undefined, undefined]);
    assert.deepEqual(
      attempts.map(a => a.end),
      [{ clientLeft: true }],
    );
    assert.equal(fleet.pending(`node/svc@127.0.0.1:${upstream.port}`), 0);
    assert.equal(proxy.figures().requests, 0);
  });

  it('in the middle of the answer', async t => {
    const upstream = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    );
    const { port, ended } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(GET);
    await client.until(/half/);
    client.socket.resetAndDestroy();
    const { end, attempts } = await ended();
    assert.deepEqual([end.status, end.cut, end.error], [200, true, undefined]);
    assert.deepEqual(attempts[0]?.end, { clientLeft: true, status: 200 });
    await eventually(() => upstream.connections[0]?.socket.destroyed, { within: 2_000, hint: 'an abort' });
  });

  it('in the middle of its upload', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port, ended } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\nhalf');
    await eventually(() => upstream.connections[0]?.text.endsWith('half'), {
      within: 2_000,
      hint: 'the half',
    });
    client.socket.destroy();
    const { end, attempts } = await ended();
    assert.deepEqual([end.status, end.received], [499, 4]);
    assert.deepEqual(attempts[0]?.end, { clientLeft: true });
    await eventually(() => upstream.connections[0]?.socket.destroyed, { within: 2_000, hint: 'an abort' });
  });

  it('in the middle of a small upload, which is not sent before it is whole', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port, ended, proxy } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf');
    await eventually(() => proxy.figures().requests === 1, { within: 2_000, hint: 'the request' });
    client.socket.destroy();
    const { end, attempts } = await ended();
    assert.deepEqual(
      [end.status, end.received, attempts.length, upstream.connections.length],
      [499, 4, 0, 0],
    );
  });

  it('with pipelined requests: every one of them ends, and those that waited are not sent', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port, ended, observed, proxy } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => observed.length === 2 && upstream.connections.length === 1, {
      within: 2_000,
      hint: 'both requests',
    });
    client.socket.destroy();
    assert.equal((await ended(0)).end.status, 499);
    assert.equal((await ended(1)).end.status, 499);
    assert.deepEqual(observed[1]?.attempts, []);
    assert.equal(proxy.figures().requests, 0);
  });

  it('while the connection to the upstream is not there yet', async t => {
    // Accepts nobody: once its backlog is full, connecting hangs as it does to a host that is down.
    const full = await fullBacklog(t);
    const { port, ended, observed } = await startProxy(t, full);
    const client = await rawClient(t, port);
    client.send(GET);
    await eventually(() => observed[0]?.attempts.length === 1, { within: 2_000, hint: 'an attempt' });
    client.socket.destroy();
    const { end, attempts } = await ended();
    assert.equal(end.status, 499);
    assert.deepEqual(attempts[0]?.end, { clientLeft: true });
  });
});

describe('an upstream that dies', () => {
  for (const [name, head] of [
    ['with Content-Length', 'Content-Length: 99\r\n\r\nhalf'],
    ['chunked', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ] as const) {
    it(`in the middle of a body ${name}: the client's response is cut, never ended`, async t => {
      const upstream = await rawUpstream(t, socket => socket.write(`HTTP/1.1 200 OK\r\n${head}`));
      const { port, ended } = await startProxy(t, upstream.port);
      const client = await rawClient(t, port);
      client.send(GET.replace('Connection: close\r\n', ''));
      await client.until(/half/);
      upstream.connections[0]?.socket.resetAndDestroy();
      const answer = await client.untilOver();
      assert.doesNotMatch(answer, /\r\n0\r\n/);
      const { end, attempts } = await ended();
      assert.deepEqual([end.status, end.cut, end.error], [200, true, 'upstream_reset']);
      assert.deepEqual(attempts[0]?.end, { status: 200, error: 'upstream_reset' });
    });
  }

  it('in the middle of a body that only the end of the connection delimits: the client is reset', async t => {
    const upstream = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
    );
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send('GET / HTTP/1.0\r\n\r\n');
    await client.until(/half/);
    upstream.connections[0]?.socket.destroy();
    await client.untilOver();
    assert.equal(client.end(), 'reset');
  });

  it('before its first byte: an idempotent request goes to another instance', async t => {
    const dying = await rawUpstream(t, socket => socket.resetAndDestroy());
    const living = await rawUpstream(t, socket => socket.write(OK));
    const { port, ended } = await startProxy(t, [dying.port, living.port]);
    assert.match(await rawExchange(t, port, GET), /^HTTP\/1\.1 200 /);
    const { attempts, end } = await ended();
    assert.deepEqual(
      attempts.map(a => [a.start.port, a.start.resend, a.end]),
      [
        [dying.port, 0, { error: 'upstream_reset' }],
        [living.port, 1, { status: 200 }],
      ],
    );
    assert.equal(end.error, undefined);
  });

  it('before its first byte: a PUT with a small body is sent again, whole', async t => {
    const dying = await rawUpstream(t, socket => socket.resetAndDestroy());
    const living = await startHttp(t, (req, res) => req.pipe(res));
    const { port, ended } = await startProxy(t, [dying.port, living.port]);
    assert.match(await rawExchange(t, port, POST.replace('POST', 'PUT')), /^HTTP\/1\.1 200 [\s\S]*body/);
    assert.equal((await ended()).attempts.length, 2);
  });

  it('before its first byte: a body that was passed on as it came is gone', async t => {
    const dying = await rawUpstream(t, socket => socket.resetAndDestroy());
    const living = await rawUpstream(t, socket => socket.write(OK));
    const { port } = await startProxy(t, [dying.port, living.port], { limits: { keptBodyBytes: 3 } });
    const answer = await rawExchange(t, port, POST.replace('POST', 'PUT'));
    assert.deepEqual(problemOf(answer), { status: 502, code: 'upstream_reset' });
    assert.equal(living.connections.length, 0);
  });

  it('before its first byte: what may have been done is not done twice', async t => {
    const dying = await rawUpstream(t, socket => socket.resetAndDestroy());
    const living = await rawUpstream(t, socket => socket.write(OK));
    const { port, ended } = await startProxy(t, [dying.port, living.port]);
    assert.deepEqual(problemOf(await rawExchange(t, port, POST)), { status: 502, code: 'upstream_reset' });
    assert.equal(living.connections.length, 0);
    assert.equal((await ended()).end.error, 'upstream_reset');
  });

  it('on a kept-alive connection that has gone stale: the same instance is asked once more', async t => {
    const upstream = await rawUpstream(t, (socket, _, seen) => {
      if (seen === 1) socket.resetAndDestroy();
      else socket.write(OK);
    });
    const { port, ended } = await startProxy(t, upstream.port);
    await rawExchange(t, port, GET);
    assert.match(await rawExchange(t, port, GET), /^HTTP\/1\.1 200 /);
    assert.deepEqual(
      (await ended(1)).attempts.map(a => a.end),
      [{ error: 'upstream_reset' }, { status: 200 }],
    );
  });
});

describe('an upstream that cannot be reached', () => {
  it('is left for another, whatever the method', async t => {
    const dead = await deadPort();
    const living = await startHttp(t, (req, res) => req.pipe(res));
    const { port, ended } = await startProxy(t, [dead, living.port]);
    assert.match(await rawExchange(t, port, POST), /^HTTP\/1\.1 200 [\s\S]*body/);
    assert.deepEqual((await ended()).attempts[0]?.end, { error: 'connect_failed' });
  });

  it('is left after the connect time-out', async t => {
    const full = await fullBacklog(t);
    const { port, ended } = await startProxy(t, full, { timeouts: { connect: 50 } });
    assert.deepEqual(problemOf(await rawExchange(t, port, GET)), { status: 502, code: 'connect_failed' });
    assert.deepEqual((await ended()).attempts[0]?.end, { error: 'connect_failed' });
  });

  it('after three tries is a 502 that tells nothing of the inside', async t => {
    const ports = await Promise.all([deadPort(), deadPort(), deadPort(), deadPort()]);
    const { port, ended, fleet } = await startProxy(t, ports, { nextId: () => 'the-id' });
    const answer = await rawExchange(t, port, GET);
    assert.match(answer, /^HTTP\/1\.1 502 Bad Gateway\r\nContent-Type: application\/problem\+json\r\n/);
    assert.deepEqual(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)), {
      type: 'urn:sluice:problem:connect_failed',
      title: 'The upstream could not be reached.',
      status: 502,
      code: 'connect_failed',
      requestId: 'the-id',
    });
    const { attempts, end } = await ended();
    assert.equal(attempts.length, 3);
    assert.equal(end.error, 'connect_failed');
    for (const p of ports) assert.equal(fleet.pending(`node/svc@127.0.0.1:${p}`), 0);
  });
});

describe('an upstream that answers badly', () => {
  for (const [name, response] of [
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    [
      'length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a coding that would be lost', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    [
      'an upgrade nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    ['a header bomb', `HTTP/1.1 200 OK\r\n${'X-Bomb: boom\r\n'.repeat(20_000)}\r\n`],
  ] as const) {
    it(`${name}: 502`, async t => {
      const upstream = await rawUpstream(t, socket => socket.write(response));
      const { port, ended } = await startProxy(t, upstream.port);
      assert.deepEqual(problemOf(await rawExchange(t, port, GET)), { status: 502, code: 'bad_response' });
      assert.deepEqual((await ended()).attempts[0]?.end, { error: 'bad_response' });
    });
  }
});

describe('an upstream that is slow', () => {
  it('with its head: 504', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port, ended } = await startProxy(t, upstream.port, { timeouts: { responseHead: 50 } });
    assert.deepEqual(problemOf(await rawExchange(t, port, GET)), { status: 504, code: 'upstream_timeout' });
    assert.deepEqual(
      (await ended()).attempts.map(a => a.end),
      [{ error: 'upstream_timeout' }],
    );
  });

  it('within its body: the response is cut', async t => {
    const upstream = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    );
    const { port, ended } = await startProxy(t, upstream.port, { timeouts: { responseStall: 50 } });
    assert.match(await rawExchange(t, port, GET), /half$/);
    const { end } = await ended();
    assert.deepEqual([end.cut, end.error], [true, 'upstream_timeout']);
  });
});

describe('an answer before the upload is done', () => {
  it('reaches the client while it still sends, and the connection lives on', async t => {
    const upstream = await startHttp(t, (_, res) =>
      res.writeHead(413, { 'Content-Length': 7 }).end('too big'),
    );
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n');
    client.send('x'.repeat(1_000_000));
    await client.until(/^HTTP\/1\.1 413 [\s\S]*too big$/);
    client.send('x'.repeat(1_000_000));
    client.send(GET);
    assert.match(await client.untilOver(), /too bigHTTP\/1\.1 413 /);
  });

  it('does not bind a client that never stops sending', async t => {
    const upstream = await startHttp(t, (_, res) =>
      res.writeHead(413, { 'Content-Length': 7 }).end('too big'),
    );
    const { port } = await startProxy(t, upstream.port, { timeouts: { linger: 50 } });
    const client = await rawClient(t, port);
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\nsome');
    assert.match(await client.untilOver(), /too big$/);
  });
});

describe('a fault of our own', () => {
  it('is a 500 for the caller and a line for the operator', async t => {
    const lines: unknown[] = [];
    const note = (...args: unknown[]): void => void lines.push(args);
    const { port, ended } = await startProxy(t, 1, {
      decide: () => {
        throw new Error('a bug');
      },
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: note },
    });
    assert.deepEqual(problemOf(await rawExchange(t, port, GET)), { status: 500, code: 'internal' });
    assert.equal(lines.length, 1);
    assert.equal((await ended()).end.error, 'internal');
  });

  it('a HEAD request gets the problem without its body', async t => {
    const { port } = await startProxy(t, 1, { decide: () => ({ code: 'no_route' }) });
    const answer = await rawExchange(t, port, GET.replace('GET', 'HEAD'));
    assert.match(answer, /^HTTP\/1\.1 404 [\s\S]*\r\n\r\n$/);
  });
});
