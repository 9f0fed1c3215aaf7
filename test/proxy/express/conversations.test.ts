import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { startHttp, startProxy } from '../support/proxy.ts';
import { rawClient } from '../support/raw.ts';

/** Requests of every kind, as a client writes them; some for the express lane and some not. */
const KINDS: Readonly<Record<string, (path: string, body: string) => string>> = {
  GET: path => `GET ${path} HTTP/1.1\r\nHost: shop.example\r\n\r\n`,
  'GET with headers': path =>
    `GET ${path}?q=%41 HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\ncookie: a=b\r\nCookie: c=d\r\n\r\n`,
  'GET, untidy': path => `GET ${path} HTTP/1.1\r\nhost:shop.example\r\nX-A:  b \t\r\nX-Empty:\r\n\r\n`,
  'GET of HTTP/1.0': path => `GET ${path} HTTP/1.0\r\nHost: shop.example\r\nConnection: keep-alive\r\n\r\n`,
  HEAD: path => `HEAD ${path} HTTP/1.1\r\nHost: shop.example\r\n\r\n`,
  'POST with a length': (path, body) =>
    `POST ${path} HTTP/1.1\r\nHost: shop.example\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  'PUT in chunks': (path, body) =>
    `PUT ${path} HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(body)}0\r\n\r\n`,
  'POST that waits to be asked': (path, body) =>
    `POST ${path} HTTP/1.1\r\nHost: shop.example\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  'OPTIONS *': () => 'OPTIONS * HTTP/1.1\r\nHost: shop.example\r\n\r\n',
  'a wrong path': () => 'GET /%zz HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n',
};

const chunk = (body: string): string => (body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`);

const LAST = 'GET /last HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n';

/** A service that answers with what it was sent. */
const startMirror = (t: TestContext) =>
  startHttp(t, async (req, res) => {
    const sha = createHash('sha1');
    for await (const piece of req) sha.update(piece);
    const seen = JSON.stringify([req.method, req.url, req.rawHeaders, sha.digest('hex')]);
    res.writeHead(200, { 'content-length': Buffer.byteLength(seen) }).end(seen);
  });

/** Sends it in these pieces, each in a turn of its own. @returns all that came back, but for the time */
const converse = async (t: TestContext, port: number, pieces: readonly string[]): Promise<string> => {
  const client = await rawClient(t, port);
  client.socket.setNoDelay(true);
  for (const piece of pieces) {
    client.send(piece);
    await new Promise(resolve => setImmediate(resolve));
  }
  return (await client.untilOver()).replace(/^Date: .*$/gm, 'Date: now');
};

const cutAt = (text: string, places: readonly number[]): string[] => {
  const ends = [...new Set([...places.map(place => place % text.length), text.length])].sort((a, b) => a - b);
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end)).filter(piece => piece !== '');
};

it('whatever a client sends, and however it is cut, both lanes say the same', async t => {
  const mirror = await startMirror(t);
  const start = (express: boolean) =>
    startProxy(t, mirror.port, { express, nextId: () => 'id', limits: { keptBodyBytes: 4_096 } });
  const [express, full] = [await start(true), await start(false)];
  const request = fc.record({
    kind: fc.constantFrom(...Object.keys(KINDS)),
    path: fc.constantFrom('/', '/a', '/a/b%20c'),
    size: fc.constantFrom(0, 1, 100, 5_000, 70_000),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      async (requests, places) => {
        const text = requests.map(({ kind, path, size }) => KINDS[kind]?.(path, 'x'.repeat(size))).join('');
        const pieces = cutAt(text + LAST, places);
        assert.equal(await converse(t, express.port, pieces), await converse(t, full.port, pieces));
      },
    ),
    { numRuns: Number(process.env.CONVERSATIONS ?? 150) },
  );
  assert.equal(express.proxy.figures().requests, 0);
});
