import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readPlainRequest } from '../../../src/proxy/express/request-reader.ts';
import { listenOn, portOf } from '../support/raw.ts';

const LIMITS = { headerBytes: 4_096, headerCount: 20, keptBodyBytes: 100 };

const read = (text: string) => readPlainRequest(text, LIMITS);

describe('plain requests', () => {
  it('a GET with its headers as they stand', () => {
    assert.deepEqual(read('GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-A:\t b  c \r\nx-a:\r\n\r\n'), {
      method: 'GET',
      url: '/a?b=c',
      httpVersion: '1.1',
      rawHeaders: ['Host', 'x', 'X-A', 'b  c', 'x-a', ''],
      headBytes: 51,
      contentLength: 0,
      closes: false,
    });
  });

  it('with a body of which some or all may be there', () => {
    const request = read('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: Close\r\n\r\nab');
    assert.deepEqual([request?.contentLength, request?.closes, request?.headBytes], [3, true, 66]);
  });

  const HEAD = 'GET / HTTP/1.1\r\nHost: x\r\n';
  const OTHERS: readonly [string, string][] = [
    ['a head that is not all there', HEAD],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\nHost: x\r\n\r\n'],
    ['HTTP/2 by prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['TRACE', 'TRACE / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a method of its own', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a method in lower case', 'get / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['two spaces in the request line', 'GET  / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['bytes above ASCII in the target', 'GET /\xe4 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an empty line in front', `\r\n${HEAD}\r\n`],
    ['a line that ends in LF alone', 'GET / HTTP/1.1\nHost: x\r\n\r\n'],
    ['a field line that ends in LF alone', 'GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n'],
    ['a folded line', `${HEAD}A: b\r\n c\r\n\r\n`],
    ['a space before the colon', `${HEAD}A : b\r\n\r\n`],
    ['a line without colon', `${HEAD}nothing\r\n\r\n`],
    ['a zero byte', `${HEAD}A: b\0c\r\n\r\n`],
    ['a bare CR', `${HEAD}A: b\rc\r\n\r\n`],
    ['a transfer coding', `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a transfer coding in other letters', `${HEAD}tRANSFER-eNCODING: x\r\n\r\n`],
    ['two lengths', `${HEAD}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`],
    ['a length that is no number', `${HEAD}Content-Length: 1x\r\n\r\n`],
    ['a length with a sign', `${HEAD}Content-Length: +1\r\n\r\n`],
    ['an empty length', `${HEAD}Content-Length:\r\n\r\n`],
    ['a length over the limit', `${HEAD}Content-Length: 101\r\n\r\n`],
    ['Expect', `${HEAD}Expect: 100-continue\r\n\r\n`],
    ['an upgrade', `${HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`],
    ['an upgrade that Connection does not name', `${HEAD}Upgrade: websocket\r\n\r\n`],
    ['a connection option that names a field', `${HEAD}Connection: close, x-a\r\n\r\n`],
    ['too many headers', `${HEAD}${'A: b\r\n'.repeat(20)}\r\n`],
    ['too long a head', `${HEAD}A: ${'b'.repeat(4_096)}\r\n\r\n`],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ];
  for (const [name, text] of OTHERS) {
    it(`left to Node's server: ${name}`, () => assert.equal(read(text), undefined));
  }

  it("whatever is taken for plain, Node's strict parser reads the same", async t => {
    type Seen = readonly unknown[];
    const seen: Seen[] = [];
    const server = createServer({ requireHostHeader: false }, (req, res) => {
      seen.push([req.method, req.url, req.httpVersion, req.rawHeaders]);
      res.end();
    });
    // Past a maximum Node drops headers silently.
    server.maxHeadersCount = 0;
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    await listenOn(server);
    const byNode = (text: string): Promise<Seen | undefined> =>
      new Promise((resolve, reject) => {
        const before = seen.length;
        const socket = connect(portOf(server), '127.0.0.1', () => socket.write(text, 'latin1'));
        socket.once('data', () => socket.destroy()).once('error', reject);
        socket.once('close', () => resolve(seen[before]));
      });
    const part = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom('GET ', '/', 'a', ' HTTP/1.1', '\r\n', 'Host: x', 'A:b', ': ', ' ', '\t'),
      },
      {
        weight: 2,
        arbitrary: fc.constantFrom('Content-Length: 2', 'Connection: close', '\n', '\r', 'POST ', 'é', '\0'),
      },
    );
    const noise = fc.array(part, { maxLength: 4 }).map(parts => parts.join(''));
    const request = fc
      .tuple(noise, noise, noise, noise)
      .map(([a, b, c, d]) => `GET /${a} HTTP/1.1\r\nHost: ${b}\r\nX-${c}: y${d}\r\n\r\n`);
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(request, async text => {
        const taken = read(text);
        if (taken === undefined || taken.headBytes + taken.contentLength !== text.length) return;
        plain += 1;
        assert.deepEqual(await byNode(text), [taken.method, taken.url, '1.1', taken.rawHeaders]);
      }),
      { numRuns: 3_000 },
    );
    assert.ok(plain > 100, `only ${plain} were plain`);
  });
});
