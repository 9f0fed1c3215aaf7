import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fieldsOf } from '../../../src/proxy/field-lines.ts';
import { ResponseReader } from '../../../src/proxy/upstream/response-reader.ts';

/** What a reader told of the responses that it read: of their fields, those that pass on. */
interface Told {
  readonly interim: [number, readonly string[]][];
  readonly heads: [number, readonly string[]][];
  body: string;
  readonly ends: (readonly string[])[];
}

/** Reads these bytes in pieces cut where `cuts` say (default: in one). */
const readAll = (text: string, method = 'GET', cuts: readonly number[] = []) => {
  const told: Told = { interim: [], heads: [], body: '', ends: [] };
  const reader = new ResponseReader({
    onInterim: ({ status, lines }) => void told.interim.push([status, fieldsOf(lines)]),
    onHead: ({ status, lines }) => void told.heads.push([status, fieldsOf(lines)]),
    onBody: piece => {
      told.body += piece.toString('latin1');
    },
    onTrailers: fields => void told.ends.push(fields),
  });
  reader.expect(method);
  const bytes = Buffer.from(text, 'latin1');
  const places = [...new Set([...cuts.map(cut => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  let from = 0;
  for (const place of places) {
    // As in the one buffer that all connections read into, old bytes stand behind the new ones.
    const shared = Buffer.concat([
      bytes.subarray(from, place),
      Buffer.from('\r\n\r\nHTTP/1.1 500\r\n0\r\n\r\n'),
    ]);
    reader.read(shared, place - from);
    from = place;
  }
  return { told, reader };
};

const SOUND: readonly {
  name: string;
  text: string;
  method?: string;
  told: Partial<Told>;
  mayGoOn?: boolean;
}[] = [
  {
    name: 'a length',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b c \t\r\n\r\nhello',
    told: { heads: [[200, ['Content-Length', '5', 'X-A', 'b c']]], body: 'hello', ends: [[]] },
  },
  {
    name: 'no reason, and no space before it',
    text: 'HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n',
    told: { heads: [[404, ['Content-Length', '0']]], body: '', ends: [[]] },
  },
  {
    name: 'chunks with extensions and trailers',
    text: 'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n00A ; x\r\n0123456789\r\n0\r\nT: 1\r\nU: 2\r\n\r\n',
    told: { body: 'abc0123456789', ends: [['T', '1', 'U', '2']] },
  },
  {
    name: 'interim responses before the one that counts',
    text: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
    told: {
      interim: [
        [103, ['Link', '</a>']],
        [100, []],
      ],
      heads: [[204, []]],
      body: '',
      ends: [[]],
    },
  },
  {
    name: 'an answer to HEAD, whose length is that of a body which does not come',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n',
    method: 'HEAD',
    told: { heads: [[200, ['Content-Length', '500']]], body: '', ends: [[]] },
  },
  {
    name: 'an answer to HEAD without any length',
    text: 'HTTP/1.1 200 OK\r\n\r\n',
    method: 'HEAD',
    told: { heads: [[200, []]], body: '', ends: [[]] },
  },
  {
    name: '304 with the length of what was not modified',
    text: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n',
    told: { heads: [[304, ['Content-Length', '7']]], body: '', ends: [[]] },
  },
  {
    name: 'a server that closes',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: foo, Close\r\n\r\nx',
    told: { body: 'x', ends: [[]] },
    mayGoOn: false,
  },
  {
    name: 'HTTP/1.0',
    text: 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx',
    told: { body: 'x', ends: [[]] },
    mayGoOn: false,
  },
  {
    name: 'a body that the end of the connection delimits',
    text: 'HTTP/1.1 200 OK\r\n\r\nas much as comes',
    told: { heads: [[200, []]], body: 'as much as comes', ends: [] },
    mayGoOn: false,
  },
];

const UNSOUND: readonly { name: string; text: string; method?: string }[] = [
  { name: 'another protocol', text: 'SSH-2.0-OpenSSH_9.2\r\n' },
  { name: 'another protocol without lines', text: '\x00\x00\x12\x04\x00' },
  { name: 'HTTP/2', text: 'HTTP/2 200 OK\r\n\r\n' },
  { name: 'a status of two digits', text: 'HTTP/1.1 20 OK\r\n\r\n' },
  { name: 'a status of four digits', text: 'HTTP/1.1 2000 OK\r\n\r\n' },
  { name: 'a status below 100', text: 'HTTP/1.1 099 Odd\r\n\r\n' },
  { name: 'an upgrade', text: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n' },
  { name: 'a space before the colon', text: 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n' },
  { name: 'a folded line', text: 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n' },
  { name: 'a line without colon', text: 'HTTP/1.1 200 OK\r\nnothing\r\n\r\n' },
  { name: 'an empty name', text: 'HTTP/1.1 200 OK\r\n: b\r\n\r\n' },
  { name: 'a bare CR in a value', text: 'HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: c\r\n\r\n' },
  { name: 'a bare LF behind a value', text: 'HTTP/1.1 200 OK\r\nA: b\nSet-Cookie: c\r\n\r\n' },
  { name: 'a zero byte in a value', text: 'HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n' },
  { name: 'two lengths', text: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n' },
  { name: 'one length twice', text: 'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n' },
  { name: 'a negative length', text: 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n' },
  { name: 'a length with a sign', text: 'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n' },
  { name: 'a hexadecimal length', text: 'HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\n' },
  {
    name: 'a length and chunks',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  },
  {
    name: 'a coding that is not chunked',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
  },
  {
    name: 'chunked twice',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n',
  },
  { name: 'chunks of HTTP/1.0', text: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' },
  { name: 'a size that is no number', text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n' },
  { name: 'a size with a sign', text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n' },
  {
    name: 'a size too large to be exact',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n',
  },
  {
    name: 'a size that ends in LF alone',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n',
  },
  {
    name: 'a chunk longer than its size',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n',
  },
  { name: 'a bad trailer', text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA b: c\r\n\r\n' },
  {
    name: 'an endless size line',
    text: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(2_000)}`,
  },
  {
    name: 'endless trailers',
    text: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'A: b\r\n'.repeat(4_000)}`,
  },
  { name: 'a head over 64 KiB', text: `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(70_000)}\r\n\r\n` },
  { name: 'a head over 64 KiB without end', text: `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(70_000)}` },
  { name: 'a thousand and one fields', text: `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(1_001)}\r\n` },
  { name: 'bytes behind the end', text: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n' },
  { name: 'a body to HEAD', text: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx', method: 'HEAD' },
];

describe('responses as they are read', () => {
  for (const { name, text, method = 'GET', told: wanted, mayGoOn = true } of SOUND) {
    it(`${name}, however it is cut`, () => {
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 12 }), cuts => {
          const { told, reader } = readAll(text, method, cuts);
          assert.deepEqual({ ...told, ...wanted }, told);
          assert.equal(reader.mayGoOn, mayGoOn);
        }),
      );
    });
  }

  for (const { name, text, method = 'GET' } of UNSOUND) {
    it(`refused: ${name}, however it is cut`, () => {
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 6 }), cuts => {
          assert.throws(() => readAll(text, method, cuts), { name: 'MalformedResponse' });
        }),
        { numRuns: 30 },
      );
    });
  }

  it('a response that only the end of the connection completes', () => {
    const { told, reader } = readAll('HTTP/1.1 200 OK\r\n\r\nall');
    assert.equal(reader.end(), true);
    assert.deepEqual([told.body, told.ends], ['all', [[]]]);
  });

  it('an end of the connection completes no other', () => {
    for (const text of ['', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf']) {
      const { told, reader } = readAll(text);
      assert.equal(reader.end(), false);
      assert.deepEqual(told.ends, []);
    }
  });

  it('one response after the other, with the time that the instance keeps the connection', () => {
    const { told, reader } = readAll(
      'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=7, max=9\r\nContent-Length: 1\r\n\r\na',
    );
    assert.equal(reader.keptFor, 7_000);
    reader.expect('GET');
    const next = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb');
    reader.read(next, next.length);
    assert.deepEqual([told.body, told.ends.length, reader.mayGoOn], ['ab', 2, true]);
    assert.equal(reader.keptFor, undefined);
  });

  it('random bytes are refused or read, and never anything else', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary-ascii', maxLength: 200 }),
        fc.array(fc.nat(), { maxLength: 4 }),
        (noise, cuts) => {
          try {
            readAll(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${noise}`, 'GET', cuts);
          } catch (error) {
            assert.equal((error as Error).name, 'MalformedResponse');
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
