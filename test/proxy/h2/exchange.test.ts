import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { describe, it } from 'node:test';
import { eventually } from '../../support/wait.ts';
import { startHttp, startProxy } from '../support/proxy.ts';
import { rawUpstream } from '../support/raw.ts';
import { startClient } from './support/client.ts';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR } = constants;

describe('a request over HTTP/2', () => {
  it('reaches an HTTP/1.1 upstream and is answered', async t => {
    const { port: upstream } = await startHttp(t, (req, res) => {
      res.writeHead(201, { 'Set-Cookie': ['a=1', 'b=2'], 'X-Seen': JSON.stringify(req.headers) });
      res.end(`${req.method} ${req.url} HTTP/${req.httpVersion}`);
    });
    const { port, ended } = await startProxy(t, upstream);
    const client = await startClient(t, port);

    const { headers, body } = await client.ask({
      ':path': '/a?b=c',
      ':authority': 'shop.example',
      cookie: ['x=1', 'y=2'],
    });

    assert.equal(headers[':status'], 201);
    assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(body.toString(), 'GET /a?b=c HTTP/1.1');
    const seen = JSON.parse(`${headers['x-seen']}`);
    assert.equal(seen.host, 'shop.example');
    assert.equal(seen.cookie, 'x=1; y=2');
    assert.equal(seen.via, '2.0 sluice-under-test');
    const { start, end } = await ended();
    assert.equal(start.protocolVersion, '2');
    assert.equal(end.sent, body.length);
  });

  for (const length of [3, 20_000, 3_000_000]) {
    for (const hasLength of [true, false]) {
      it(`an upload of ${length} bytes ${hasLength ? 'of known length' : 'in pieces'} comes back`, async t => {
        const { port: upstream } = await startHttp(t, (req, res) => {
          res.writeHead(200, { 'X-Length': `${req.headers['content-length']}` });
          req.pipe(res);
        });
        const { port, ended } = await startProxy(t, upstream);
        const client = await startClient(t, port);
        const sent = Buffer.alloc(length, 'abcdefghij');
        const fields = hasLength ? { 'content-length': length } : {};

        const { headers, body } = await client.ask({ ':method': 'POST', ':path': '/', ...fields }, sent);

        assert.ok(body.equals(sent));
        assert.equal(headers['x-length'], hasLength ? `${length}` : 'undefined');
        const { end } = await ended();
        assert.deepEqual([end.received, end.sent], [length, length]);
      });
    }
  }

  it('HEAD, 204 and 304 have no body, and the stream ends with their head', async t => {
    const { port: upstream } = await startHttp(t, (req, res) => {
      res.writeHead(Number(req.url?.slice(1)), { 'Content-Length': '5' });
      res.end(req.method === 'HEAD' ? undefined : 'hello');
    });
    const { port } = await startProxy(t, upstream);
    const client = await startClient(t, port);

    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      const stream = client.session.request({ ':method': method, ':path': `/${status}` });
      const [headers, flags] = await once(stream, 'response');
      assert.equal(headers[':status'], status);
      assert.equal(flags & 1, 1, 'END_STREAM');
      assert.equal(headers['content-length'], status === 204 ? undefined : '5');
      await once(stream.resume(), 'close');
    }
  });

  it('103 and trailers are passed on', async t => {
    const { port: upstream } = await startHttp(t, (_, res) => {
      res.writeEarlyHints({ link: '</a.css>; rel=preload' });
      res.writeHead(200, { Trailer: 'X-Sum' });
      res.write('hello');
      res.addTrailers({ 'X-Sum': '42' });
      res.end();
    });
    const { port } = await startProxy(t, upstream);
    const client = await startClient(t, port);

    const { body, trailers, interim } = await client.ask({ ':path': '/' });

    assert.deepEqual(interim, [103]);
    assert.equal(body.toString(), 'hello');
    assert.equal(trailers?.['x-sum'], '42');
  });

  it('a client that waits for a 100 gets it once its body is wanted', async t => {
    const { port: upstream } = await startHttp(t, (req, res) => req.pipe(res));
    const { port } = await startProxy(t, upstream);
    const client = await startClient(t, port);
    const stream = client.session.request({ ':method': 'POST', ':path': '/', expect: '100-continue' });

    await once(stream, 'continue');
    stream.end('now');
    const [piece] = await once(stream, 'data');

    assert.equal(`${piece}`, 'now');
  });

  it('fields of one connection stay there, several of one name are joined as that may be', async t => {
    const upstream = await rawUpstream(t, socket =>
      socket.write(
        'HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\n' +
          'Vary: A\r\nVary: B\r\nWWW-Authenticate: Basic\r\nWWW-Authenticate: Digest\r\n' +
          'Content-Encoding: a\r\nContent-Encoding: b\r\n__proto__: x\r\nContent-Length: 0\r\n\r\n',
      ),
    );
    const { port } = await startProxy(t, upstream.port);
    const client = await startClient(t, port);

    const { headers } = await client.ask({ ':path': '/' });

    assert.equal(headers.vary, 'A, B');
    assert.equal(headers['content-encoding'], 'a, b');
    assert.equal(headers['www-authenticate'], 'Basic, Digest');
    assert.deepEqual(
      [headers.connection, headers['keep-alive'], headers['x-hop']],
      [undefined, undefined, undefined],
    );
  });

  it('many at once on one connection, answered as they are done', async t => {
    const waiting: (() => void)[] = [];
    const { port: upstream } = await startHttp(t, (req, res) => {
      waiting.unshift(() => res.end(req.url));
      if (waiting.length === 200) for (const answer of waiting) answer();
    });
    const { port, proxy } = await startProxy(t, upstream);
    const client = await startClient(t, port);

    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => client.ask({ ':path': `/${i}` })),
    );

    assert.deepEqual(
      answers.map(({ body }) => `${body}`),
      answers.map((_, i) => `/${i}`),
    );
    await eventually(() => proxy.figures().requests === 0, { within: 5_000, hint: 'none is left' });
    assert.equal(proxy.figures().connections, 1);
  });

  it('what is wrong with it is answered as in HTTP/1.1', async t => {
    const { port: upstream } = await startHttp(t, (req, res) => req.pipe(res));
    const { port } = await startProxy(t, upstream, {
      limits: { bodyBytes: 10, uriBytes: 100, headerBytes: 4_096 },
    });
    const client = await startClient(t, port);
    const post = { ':method': 'POST', ':path': '/' };

    const statuses = await Promise.all([
      client.ask({ ':path': `/${'a'.repeat(200)}` }),
      client.ask({ ':path': '/', 'x-large': 'a'.repeat(5_000) }),
      client.ask({ ...post, 'content-length': 11 }, 'a'.repeat(11)),
      client.ask({ ...post }, 'a'.repeat(11)),
    ]);

    assert.deepEqual(
      statuses.map(({ headers }) => headers[':status']),
      [414, 431, 413, 413],
    );
    assert.equal(statuses[0]?.headers['content-type'], 'application/problem+json');
  });

  it('an answer that comes before its request is whole ends the upload', async t => {
    const { port: upstream } = await startHttp(t, (_, res) => res.writeHead(403).end('no'));
    const { port } = await startProxy(t, upstream);
    const client = await startClient(t, port);
    const stream = client.session.request({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => {}).write('a');

    const [headers] = await once(stream, 'response');
    await once(stream.resume(), 'close');

    assert.equal(headers[':status'], 403);
    assert.equal(stream.rstCode, 0);
    assert.equal((await client.ask({ ':path': '/' })).headers[':status'], 403, 'the connection goes on');
  });
});

describe('an exchange over HTTP/2 that comes to no good end', () => {
  it('a response that breaks off is reset, the others on its connection are not', async t => {
    const { port: upstream } = await startHttp(t, (req, res) => {
      if (req.url === '/sound') res.end('ok');
      else res.write('half', () => setImmediate(() => res.destroy()));
    });
    const { port, ended } = await startProxy(t, upstream);
    const client = await startClient(t, port);

    await assert.rejects(client.ask({ ':path': '/breaks' }), { code: 'ERR_HTTP2_STREAM_ERROR' });

    assert.equal((await ended()).end.cut, true);
    const { body } = await client.ask({ ':path': '/sound' });
    assert.equal(`${body}`, 'ok');
  });

  it('with INTERNAL_ERROR', async t => {
    const { port: upstream } = await startHttp(t, (_, res) => {
      res.write('half', () => setImmediate(() => res.destroy()));
    });
    const { port } = await startProxy(t, upstream);
    const client = await startClient(t, port);
    const stream = client.session.request({ ':path': '/' }).on('error', () => {});

    await new Promise(resolve => stream.resume().once('close', resolve));

    assert.equal(stream.rstCode, NGHTTP2_INTERNAL_ERROR);
  });

  it('the client gives it up: so does the proxy, and nobody is blamed', async t => {
    let isGone = false;
    const { port: upstream } = await startHttp(t, (_, res) => {
      res.write('a').valueOf();
      res.once('close', () => {
        isGone = true;
      });
    });
    const { port, ended } = await startProxy(t, upstream);
    const client = await startClient(t, port);
    const stream = client.session.request({ ':path': '/' });
    await once(stream, 'data');

    stream.close(NGHTTP2_CANCEL);

    await eventually(() => isGone, { within: 5_000, hint: 'the upstream hears of it' });
    assert.equal((await ended()).attempts[0]?.end?.clientLeft, true);
  });

  it('the client goes with its connection, and all its requests with it', async t => {
    const { port: upstream } = await startHttp(t, () => {});
    const { port, proxy, observed } = await startProxy(t, upstream);
    const client = await startClient(t, port);
    for (let i = 0; i < 20; i += 1) client.session.request({ ':path': '/' }).on('error', () => {});
    await eventually(() => proxy.figures().requests === 20, { within: 5_000, hint: '20 under way' });

    client.session.destroy();

    await eventually(() => proxy.figures().requests === 0, { within: 5_000, hint: 'none is left' });
    assert.ok(observed.every(({ attempts }) => attempts[0]?.end?.clientLeft === true));
  });
});
