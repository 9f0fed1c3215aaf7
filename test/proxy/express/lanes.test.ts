import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { eventually } from '../../support/wait.ts';
import { startProxy } from '../support/proxy.ts';
import { rawClient, rawUpstream } from '../support/raw.ts';

/** What both sides saw of one connection. */
interface Seen {
  readonly client: string;
  readonly upstream: string;
  readonly end: unknown;
}

/** One request through a proxy, and what came of it, but for what differs from one time to the next. */
const passThrough = async (
  t: TestContext,
  express: boolean,
  request: string,
  response: string,
): Promise<Seen> => {
  const upstream = await rawUpstream(t, socket => socket.end(response, 'latin1'));
  const { port, ended, proxy } = await startProxy(t, upstream.port, { express, nextId: () => 'id' });
  const client = await rawClient(t, port);
  client.send(request);
  const text = await client.untilOver();
  const { start, attempts, end } = await ended();
  await eventually(() => proxy.figures().requests === 0, { within: 2_000, hint: 'no request under way' });
  return {
    client: text.replace(/^Date: .*$/m, 'Date: now').replaceAll(`${upstream.port}`, 'PORT'),
    upstream: (upstream.connections[0]?.text ?? '').replaceAll(`${upstream.port}`, 'PORT'),
    end: [start.rawHeaders, attempts.map(each => each.end), end],
  };
};

const HOST = 'Host: shop.example\r\n';
const CLOSE = 'Connection: close\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Each as a client sends it on a connection that ends with the answer. */
const REQUESTS: Readonly<Record<string, string>> = {
  GET: `GET /a?b HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  HEAD: `HEAD / HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'POST with a body': `POST / HTTP/1.1\r\n${HOST}${CLOSE}Content-Length: 4\r\n\r\nbody`,
  'POST without one': `POST / HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'DELETE with a length of 0': `DELETE / HTTP/1.1\r\n${HOST}${CLOSE}Content-Length: 0\r\n\r\n`,
  'OPTIONS *': `OPTIONS * HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'an absolute target': `GET http://other.example/a HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'no Host': `GET / HTTP/1.1\r\n${CLOSE}\r\n`,
  'two Hosts': `GET / HTTP/1.1\r\n${HOST}${HOST}${CLOSE}\r\n`,
  'a bad path': `GET /%zz HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'a loop': `GET / HTTP/1.1\r\n${HOST}${CLOSE}Via: 1.1 sluice-under-test\r\n\r\n`,
  'headers of hops before': `GET / HTTP/1.1\r\n${HOST}${CLOSE}X-Forwarded-For: 1.2.3.4\r\nForwarded: for=a\r\nVia: 1.0 b\r\nTE: trailers, x\r\nKeep-Alive: 1\r\nX-Request-Id: mine\r\n\r\n`,
  'values in latin1 and without any': `GET / HTTP/1.1\r\n${HOST}${CLOSE}X-A: \xe4\xff\r\nX-B:\r\nX-C: a, b\r\nx-c: d\r\n\r\n`,
};

const RESPONSES: Readonly<Record<string, string>> = {
  'a length': OK,
  'a length of 0': 'HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n',
  chunks: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
  'chunks with trailers':
    'HTTP/1.1 200 OK\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\nContent-Length: 9\r\n\r\n',
  'no length': 'HTTP/1.1 200 OK\r\nX: y\r\n\r\nas much as comes',
  '204': 'HTTP/1.1 204 No Content\r\n\r\n',
  '304': 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 7\r\n\r\n',
  'an odd status': 'HTTP/1.1 299 Whatever\r\nContent-Length: 1\r\n\r\nx',
  'a date, and fields of one connection': `HTTP/1.1 200 OK\r\ndate: yesterday\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive, x-a\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok`,
  'early hints': `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`,
  'cookies, twice': 'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 2\r\n\r\nok',
  garbage: 'SSH-2.0-x\r\n',
  'half of a body': 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf',
  'half of the chunks': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal',
  nothing: '',
};

describe('the two lanes', () => {
  for (const [what, request] of Object.entries(REQUESTS)) {
    it(`pass the same on, and answer the same: ${what}`, async t => {
      assert.deepEqual(await passThrough(t, true, request, OK), await passThrough(t, false, request, OK));
    });
  }
  const { GET = '' } = REQUESTS;
  for (const [what, response] of Object.entries(RESPONSES)) {
    it(`pass the same back: ${what}`, async t => {
      assert.deepEqual(await passThrough(t, true, GET, response), await passThrough(t, false, GET, response));
    });
  }

  it('pass any plain request on in the same bytes', async t => {
    const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
    const value = fc.stringMatching(/^[!-~]([\t -~]{0,20}[!-~])?$/);
    const path = fc.stringMatching(/^[A-Za-z0-9./%_~-]{0,20}$/);
    const request = fc
      .tuple(
        fc.constantFrom('GET', 'PUT', 'OPTIONS'),
        path,
        fc.array(fc.tuple(token, value), { maxLength: 6 }),
        fc.string({ maxLength: 30 }),
      )
      .map(([method, rest, fields, body]) => {
        const bytes = Buffer.from(body);
        const lines = fields.map(([name, text]) => `${name}: ${text}\r\n`).join('');
        return `${method} /${rest} HTTP/1.1\r\n${HOST}${lines}${CLOSE}Content-Length: ${bytes.length}\r\n\r\n${bytes.toString('latin1')}`;
      });
    await fc.assert(
      fc.asyncProperty(request, async text => {
        assert.deepEqual(await passThrough(t, true, text, OK), await passThrough(t, false, text, OK));
      }),
      { numRuns: 100 },
    );
  });

  it('a connection leaves the express lane with the first request that is not plain, and goes on', async t => {
    const upstream = await rawUpstream(t, socket => socket.write(OK, 'latin1'));
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    for (const [n, request] of [
      'GET /1 HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n',
      'POST /4 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
      'GET /5 HTTP/1.1\r\nHost: x\r\n\r\n',
    ].entries()) {
      client.send(request);
      const answers = [1, 3, 4, 5][n] as number;
      await client.until(text => text.split('\r\n\r\nok').length === answers + 1);
    }
    assert.deepEqual(
      upstream.connections.flatMap(({ text }) => text.match(/\/\d(?= HTTP)/g) ?? []),
      ['/1', '/2', '/3', '/4', '/5'],
    );
  });

  it('a request in two pieces, cut anywhere', async t => {
    const upstream = await rawUpstream(t, socket => socket.write(OK, 'latin1'));
    const { port } = await startProxy(t, upstream.port);
    const request = `POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n${CLOSE}\r\nabc`;
    for (let cut = 1; cut < request.length; cut += 1) {
      const client = await rawClient(t, port);
      client.socket.setNoDelay(true);
      client.send(request.slice(0, cut));
      await new Promise(resolve => setImmediate(resolve));
      client.send(request.slice(cut));
      assert.match(await client.untilOver(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nok$/, `cut at ${cut}`);
    }
  });

  it('bytes that come while an answer is due wait for it, and are served in their order', async t => {
    let answer = (): void => {};
    const upstream = await rawUpstream(t, (socket, _, seen) => {
      if (seen === 0) answer = () => void socket.write(OK, 'latin1');
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond', 'latin1');
    });
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send('GET /1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => upstream.connections[0]?.text.includes('/1'), {
      within: 2_000,
      hint: 'the first',
    });
    client.send(`GET /2 HTTP/1.1\r\nHost: x\r\n${CLOSE}\r\n`);
    await eventually(() => client.socket.bytesWritten > 60, { within: 2_000, hint: 'the second is sent' });
    answer();
    assert.match(await client.untilOver(), /ok[\s\S]*second$/);
  });
});
