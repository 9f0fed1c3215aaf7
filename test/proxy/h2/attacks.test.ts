import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { data, frame, HEADERS, RST_STREAM } from '../support/h2-frames.ts';
import { type ProxyUnderTest, startHttp, startProxy } from '../support/proxy.ts';
import { type RawUpstream, rawUpstream } from '../support/raw.ts';
import { block, END_HEADERS, END_STREAM, framesClient, head } from './support/frames-client.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const stage = async (t: TestContext): Promise<ProxyUnderTest & { upstream: RawUpstream }> => {
  const upstream = await rawUpstream(t, socket => socket.write(OK));
  return { ...(await startProxy(t, upstream.port)), upstream };
};

const received = ({ connections }: RawUpstream): string => connections.map(({ text }) => text).join('');

const GET = [':method', 'GET', ':scheme', 'http', ':authority', 'x', ':path', '/'];
const POST = [':method', 'POST', ':scheme', 'http', ':authority', 'x', ':path', '/'];

/** `GET` with one pseudo-field of another value, or without it. */
const but = (name: string, value?: string): string[] => {
  const at = GET.indexOf(name);
  return [...GET.slice(0, at), ...(value === undefined ? [] : [name, value]), ...GET.slice(at + 2)];
};

/** Heads after which nothing may reach an upstream. Their stream is reset, or answered with 400. */
const refused: readonly (readonly [attack: string, fields: readonly string[]])[] = [
  ['h2.TE: Transfer-Encoding', [...GET, 'transfer-encoding', 'chunked']],
  ['h2.TE: a Connection that names it', [...GET, 'connection', 'transfer-encoding']],
  ['Connection: close', [...GET, 'connection', 'close']],
  ['Upgrade', [...GET, 'upgrade', 'websocket']],
  ['Keep-Alive', [...GET, 'keep-alive', 'timeout=5']],
  ['Proxy-Connection', [...GET, 'proxy-connection', 'keep-alive']],
  ['TE with anything but trailers', [...GET, 'te', 'gzip']],
  ['h2.CL: a length and no body', [...POST, 'content-length', '5']],
  ['CL.CL: two lengths', [...POST, 'content-length', '0', 'content-length', '5']],
  ['a list of lengths', [...POST, 'content-length', '0, 0']],
  ['a signed length', [...POST, 'content-length', '+0']],
  ['a name in capitals', [...GET, 'X-Upper', '1']],
  ['two methods', [...GET.slice(0, 2), ...GET]],
  ['two paths', [...GET, ':path', '/admin']],
  ['two authorities', [':authority', 'y', ...GET]],
  ['a pseudo-field behind a field', [...but(':path'), 'x-a', '1', ':path', '/']],
  ['a pseudo-field nobody knows', [...GET, ':admin', '1']],
  ['a pseudo-field of responses', [...GET, ':status', '200']],
  ['no method', but(':method')],
  ['no scheme', but(':scheme')],
  ['no path', but(':path')],
  ['neither authority nor Host', but(':authority')],
  ['an empty path', but(':path', '')],
  ['a path without its slash', but(':path', 'admin')],
  ['a path that is a URL', but(':path', 'http://other/')],
  ['a path with a space', but(':path', '/ HTTP/1.1')],
  ['request splitting by the path', but(':path', '/ HTTP/1.1\r\nHost: y\r\n\r\nGET /admin')],
  ['request splitting by the method', but(':method', 'GET /admin HTTP/1.1\r\nHost: y\r\n\r\nGET')],
  ['request splitting by the authority', but(':authority', 'x\r\nX-A: 1')],
  ['a method with a space', but(':method', 'GET /admin')],
  ['* for another method than OPTIONS', but(':path', '*')],
  ['user info in the authority', but(':authority', 'admin@x')],
  ['a path in the authority', but(':authority', 'x/admin')],
  ['a Host that is not the authority', [...GET, 'host', 'y']],
  ['two Hosts', [...but(':authority'), 'host', 'x', 'host', 'x']],
  ['a scheme that no request of HTTP has', but(':scheme', 'ftp')],
  ['a scheme with a path in it', but(':scheme', 'http://y/admin?')],
  ['climbing out of the root', but(':path', '/a/../../etc')],
  ['climbing in disguise', but(':path', '/%2e%2e/etc')],
  ['CONNECT', [':method', 'CONNECT', ':authority', 'inner:22']],
  [
    'CONNECT for WebSocket, which was not offered (RFC 8441)',
    [...but(':method', 'CONNECT'), ':protocol', 'websocket'],
  ],
];

describe('attacks over HTTP/2 that reach nobody', () => {
  for (const [attack, fields] of refused) {
    it(attack, async t => {
      const { upstream, port } = await stage(t);
      const client = await framesClient(t, port);

      client.send(head(1, fields));
      // Sound, and on the same connection: once it is answered, the other would have been passed on.
      client.send(head(3, but(':path', '/sound')));

      await client.until(HEADERS, 3);
      const answer = client.frames.find(({ stream }) => stream === 1);
      assert.ok(answer?.type === RST_STREAM || isBadRequest(answer?.payload), 'refused');
      assert.match(received(upstream), /^GET \/sound HTTP\/1\.1\r\n/);
      assert.equal(upstream.connections.length, 1);
      assert.equal(received(upstream).split('HTTP/1.1').length, 2, 'one request');
    });
  }

  it('h2.CL: a body longer than its length is cut off from what follows', async t => {
    const { upstream, port } = await stage(t);
    const client = await framesClient(t, port);

    client.send(
      head(1, [...POST, 'content-length', '1'], 0),
      data(1, 'xGET /admin HTTP/1.1\r\nHost: x\r\n\r\n'),
    );

    await client.untilRefused(1);
    assert.doesNotMatch(received(upstream), /admin/);
  });

  it('h2.CL: of a long body no more than its length', async t => {
    const { upstream, port, ended } = await stage(t);
    const client = await framesClient(t, port);

    client.send(head(1, [...POST, 'content-length', '20000'], 0), data(1, 'a'.repeat(16_000)));
    client.send(data(1, 'a'.repeat(4_000) + 'b'.repeat(4_000)));

    await client.untilRefused(1);
    await ended();
    assert.doesNotMatch(received(upstream), /b/);
  });

  for (const [how, last] of [
    ['ends too early', frame(0, 1, Buffer.alloc(0), END_STREAM)],
    ['is given up', frame(RST_STREAM, 1, Buffer.alloc(4))],
  ] as const) {
    for (const fields of [POST, [...POST, 'content-length', '30000']] as const) {
      if (how === 'ends too early' && fields === POST) continue;
      const name = fields === POST ? 'chunks' : 'a length';
      it(`a body with ${name} that ${how} is no whole one upstream, nor is its connection used again`, async t => {
        const { upstream, port, ended } = await stage(t);
        const client = await framesClient(t, port);
        client.send(head(1, fields, 0), data(1, 'a'.repeat(16_000)));
        await client.until(HEADERS, 1);
        client.send(last);
        await ended();
        client.send(head(3, GET));
        await client.until(HEADERS, 3);

        const [first] = upstream.connections;
        assert.doesNotMatch(first?.text ?? '', /\r\n0\r\n\r\n/);
        assert.equal(upstream.connections.length, 2);
      });
    }
  }

  it('pseudo-fields in trailers', async t => {
    const { upstream, port } = await stage(t);
    const client = await framesClient(t, port);

    client.send(head(1, POST, 0), head(1, [':path', '/admin']));

    await client.untilRefused(1);
    assert.doesNotMatch(received(upstream), /admin/);
  });

  it('trailers are dropped (RFC 9110, 6.5.1)', async t => {
    const seen: unknown[] = [];
    const { port: upstream } = await startHttp(t, (req, res) => {
      req.resume().on('end', () => {
        seen.push(req.headers['x-admin'], req.rawTrailers);
        res.end();
      });
    });
    const { port } = await startProxy(t, upstream);
    const client = await framesClient(t, port);

    client.send(head(1, POST, 0), data(1, 'abc'), head(1, ['x-admin', '1']));

    await client.until(HEADERS, 1);
    assert.deepEqual(seen, [undefined, []]);
  });
});

/** Fields that are left out, as nghttp2 does it; the request goes on. */
const dropped: readonly (readonly [attack: string, name: string, value: string])[] = [
  ['response splitting, the other way round: CRLF in a value', 'x-a', '1\r\nX-Admin: 1'],
  ['a line feed in a value', 'x-a', '1\nX-Admin: 1'],
  ['a carriage return in a value', 'x-a', '1\rX-Admin: 1'],
  ['NUL in a value', 'x-a', '1\0X-Admin'],
  ['CRLF in a name', 'x-a\r\nx-admin', '1'],
  ['a colon in a name', 'x-admin:1\r\nx', '1'],
  ['a space in a name', 'x-admin x', '1'],
  ['an empty name', '', 'X-Admin'],
];

describe('attacks over HTTP/2 that come through harmless', () => {
  for (const [attack, name, value] of dropped) {
    it(attack, async t => {
      const { upstream, port } = await stage(t);
      const client = await framesClient(t, port);

      client.send(frame(HEADERS, 1, block(...GET, name, value, 'x-last', 'here'), END_HEADERS | END_STREAM));

      await client.until(HEADERS, 1);
      assert.doesNotMatch(received(upstream), /admin/i);
      assert.match(received(upstream), /x-last: here/);
    });
  }

  it('a cookie in crumbs is one field', async t => {
    const { upstream, port } = await stage(t);
    const client = await framesClient(t, port);
    client.send(head(1, [...GET, 'cookie', 'a=1', 'x-a', '1', 'cookie', 'b=2']));
    await client.until(HEADERS, 1);
    assert.deepEqual(received(upstream).match(/cookie: [^\r]*/g), ['cookie: a=1; b=2']);
  });

  it('what CGI would take for framing is left out', async t => {
    const { upstream, port } = await stage(t);
    const client = await framesClient(t, port);
    client.send(head(1, [...GET, 'content_length', '5', 'transfer_encoding', 'chunked']));
    await client.until(HEADERS, 1);
    assert.doesNotMatch(received(upstream), /content_length|transfer_encoding/);
  });
});

/** `:status: 400` as HPACK has it in one byte. */
const isBadRequest = (payload: Buffer | undefined): boolean => payload?.[0] === 0x8c;
