import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { decisionFor, startHttp, startProxy, VIA } from './support/proxy.ts';
import { fieldsOf, rawExchange, rawUpstream } from './support/raw.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What an upstream receives for this request, sent through a proxy. */
const seenUpstream = async (
  t: TestContext,
  request: string,
  options: Parameters<typeof startProxy>[2] = {},
): Promise<{ head: string; fields: Record<string, string[]>; answer: string }> => {
  let seen = '';
  const upstream = await rawUpstream(t, (socket, head) => {
    seen = head;
    socket.write(OK);
  });
  const { port } = await startProxy(t, upstream.port, options);
  const answer = await rawExchange(t, port, request);
  return { head: seen, fields: fieldsOf(seen), answer };
};

const get = (...lines: string[]): string =>
  ['GET / HTTP/1.1', 'Host: x.test', ...lines, 'Connection: close', '', ''].join('\r\n');

describe('what goes upstream', () => {
  it('keeps names, order and duplicates of end-to-end fields', async t => {
    const { head } = await seenUpstream(t, get('X-B: 1', 'x-a: 2', 'X-B: 3', 'Cookie: a=b'));
    const own = head.split('\r\n').filter(line => /^(x-[ab]|cookie):/i.test(line));
    assert.deepEqual(own, ['X-B: 1', 'x-a: 2', 'X-B: 3', 'Cookie: a=b']);
  });

  it('removes fields of the connection and those that Connection names', async t => {
    const { fields } = await seenUpstream(
      t,
      [
        'GET / HTTP/1.1',
        'Host: x.test',
        'Connection: X-Private, keep-alive, Host, Content-Length, Via, close',
        'X-Private: 1',
        'Keep-Alive: timeout=9',
        'Proxy-Connection: keep-alive',
        'Proxy-Authorization: Basic c2VjcmV0',
        'TE: gzip',
        'Trailer: X-T',
        'X-Kept: 1',
        '',
        '',
      ].join('\r\n'),
    );
    for (const name of [
      'x-private',
      'keep-alive',
      'proxy-connection',
      'proxy-authorization',
      'te',
      'trailer',
    ]) {
      assert.equal(fields[name], undefined, name);
    }
    assert.deepEqual(fields['x-kept'], ['1']);
    assert.deepEqual(fields.host, ['x.test']);
    assert.deepEqual(fields.via, [`1.1 ${VIA}`]);
  });

  it('asks for trailers where the client takes them', async t => {
    const { fields } = await seenUpstream(t, get('TE: deflate;q=0.5, trailers'));
    assert.deepEqual(fields.te, ['trailers']);
  });

  it('replaces trace context with that of the attempt', async t => {
    const traceHeaders = ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'];
    const { fields } = await seenUpstream(t, get('traceparent: 00-old', 'Baggage: a=b'), { traceHeaders });
    assert.deepEqual(fields.traceparent, [traceHeaders[1]]);
    assert.equal(fields.baggage, undefined);
  });

  it('keeps a well-formed request id and replaces another', async t => {
    const kept = await seenUpstream(t, get('X-Request-Id: abc:1/2'));
    assert.deepEqual(kept.fields['x-request-id'], ['abc:1/2']);
    assert.deepEqual(fieldsOf(kept.answer)['x-request-id'], ['abc:1/2']);
    const replaced = await seenUpstream(t, get('X-Request-Id: a b'), { nextId: () => 'fresh' });
    assert.deepEqual(replaced.fields['x-request-id'], ['fresh']);
    assert.deepEqual(fieldsOf(replaced.answer)['x-request-id'], ['fresh']);
  });

  it('sends absolute form on as origin form with the authority as Host', async t => {
    const { head, fields } = await seenUpstream(
      t,
      'GET http://inner.test:81/a?b HTTP/1.1\r\nHost: outer.test\r\nConnection: close\r\n\r\n',
    );
    assert.match(head, /^GET \/a\?b HTTP\/1\.1\r\n/);
    assert.deepEqual(fields.host, ['inner.test:81']);
    assert.deepEqual(fields.forwarded, ['for=127.0.0.1;host="inner.test:81";proto=http']);
  });

  it('sends the path of the decision and the query as it came', async t => {
    const upstream = await startHttp(t, (req, res) => res.end(req.url));
    const { port } = await startProxy(t, upstream.port, {
      decide: () => decisionFor('/stripped', upstream.port),
    });
    const answer = await fetch(`http://127.0.0.1:${port}/orders/1?a=%2F&b`);
    assert.equal(await answer.text(), '/stripped?a=%2F&b');
  });

  it('serves an HTTP/1.0 client without a Host', async t => {
    const { fields, answer } = await seenUpstream(t, 'GET /a HTTP/1.0\r\n\r\n');
    assert.equal(fields.host?.length, 1);
    assert.deepEqual(fields.via, [`1.0 ${VIA}`]);
    assert.match(answer, /\r\n\r\nok$/);
  });
});

describe('what goes to the client', () => {
  const answered = async (t: TestContext, response: string, request = get()): Promise<string> => {
    const upstream = await rawUpstream(t, socket => socket.end(response));
    const { port } = await startProxy(t, upstream.port, { nextId: () => 'the-id' });
    return rawExchange(t, port, request);
  };

  it('keeps status, names, order and duplicates, and adds Via and the request id', async t => {
    const answer = await answered(
      t,
      [
        'HTTP/1.1 418 I am a teapot',
        'Set-Cookie: a=1',
        'X-One: 1',
        'set-cookie: b=2',
        'Via: 1.1 inner',
        'X-Request-Id: of-the-upstream',
        'Content-Length: 3',
        '',
        'tea',
      ].join('\r\n'),
    );
    const own = answer.split('\r\n').filter(line => /^(set-cookie|x-one):/i.test(line));
    assert.deepEqual(own, ['Set-Cookie: a=1', 'X-One: 1', 'set-cookie: b=2']);
    const fields = fieldsOf(answer);
    assert.match(answer, /^HTTP\/1\.1 418 /);
    assert.deepEqual(fields.via, [`1.1 inner, 1.1 ${VIA}`]);
    assert.deepEqual(fields['x-request-id'], ['the-id']);
    assert.deepEqual(fields['content-length'], ['3']);
    assert.equal(fields['transfer-encoding'], undefined);
    assert.match(answer, /\r\n\r\ntea$/);
  });

  it('removes fields of the connection and those that Connection names', async t => {
    const answer = await answered(
      t,
      [
        'HTTP/1.1 200 OK',
        'Connection: X-Private, close',
        'X-Private: 1',
        'Proxy-Authenticate: Basic',
        'Keep-Alive: timeout=77',
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    );
    const fields = fieldsOf(answer);
    assert.equal(fields['x-private'], undefined);
    assert.equal(fields['proxy-authenticate'], undefined);
    assert.equal(fields['keep-alive'], undefined);
    assert.deepEqual(fields.connection, ['close']);
  });
});

describe('one connection', () => {
  it('carries request after request, also to the upstream', async t => {
    const upstream = await rawUpstream(t, socket => socket.write(OK));
    const { port, proxy } = await startProxy(t, upstream.port);
    for (let i = 0; i < 5; i++) assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
    assert.equal(upstream.connections.length, 1);
    const { requests, upstreams } = proxy.figures();
    assert.deepEqual({ requests, upstreams }, { requests: 0, upstreams: 1 });
  });

  it('answers pipelined requests in their order', async t => {
    const upstream = await startHttp(t, (req, res) => {
      // The later, the faster: order must come from the proxy.
      setTimeout(() => res.end(req.url), req.url === '/1' ? 30 : 0);
    });
    const { port } = await startProxy(t, upstream.port);
    const answer = await rawExchange(
      t,
      port,
      'GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    assert.match(answer, /\r\n\r\n\/1HTTP\/1\.1 200[\s\S]*\r\n\r\n\/2$/);
  });
});
