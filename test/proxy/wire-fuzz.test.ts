import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { converse } from '../corpora/converse.ts';
import { readConnection } from '../corpora/grammar.ts';
import { areAlike, judge } from '../corpora/judge.ts';
import { startStage } from '../corpora/stage.ts';
import { fuzz } from '../support/fuzz.ts';

/** Mostly what is right, and now and then something else in its place. */
const mostly = (right: readonly string[], wrong: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...right) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong) },
  );

const space = mostly([' '], ['', '  ', '\t', '\x0b', '\r', '\n ']);
const newline = mostly(['\r\n'], ['\n', '\r', '\r\r\n', '\n\r', '\r\n\r\n', '\r\n ', '\0\r\n']);
const blank = mostly(['', ' '], ['\t', '  ', '\x0b', '\x0c', '\xa0', '\r\n ', '\0']);

const method = mostly(
  ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'],
  ['get', 'TRACE', 'FOO', 'G\0T', 'GET\t'],
);
const target = mostly(
  ['/', '/a?b=c', '/a%2Fb', 'http://y.example/a', '/x/../y'],
  ['*', 'a', '/\xe9', '/a b', '/a#b', 'http://u@y/', '/%zz', '/..', '//', '/a\\b', '/\0'],
);
const version = mostly(
  ['HTTP/1.1'],
  ['HTTP/1.0', 'HTTP/2.0', 'HTTP/1.10', 'http/1.1', 'HTTP/1.1 ', 'RTSP/1.0', ''],
);

const FIELDS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  Host: mostly(['x.example', 'x.example:80'], ['', 'x y', 'a@b', 'x,y', 'x:99999', '[::1']),
  'Content-Length': mostly(
    ['0', '3', '5'],
    ['+3', '3, 3', '-1', '0x3', '03', '3 ', '99999999999999999999', '', '3\x0b'],
  ),
  'Transfer-Encoding': mostly(
    ['chunked'],
    [
      'Chunked',
      'identity',
      ',chunked',
      'chunked, identity',
      'gzip, chunked',
      'xchunked',
      '"chunked"',
      '',
      'chunked\t',
      '\x0bchunked',
    ],
  ),
  Connection: mostly(
    ['keep-alive'],
    ['close', 'content-length', 'transfer-encoding, host', 'upgrade', ',', ''],
  ),
  Expect: mostly(['100-continue'], ['200-ok', '']),
  Upgrade: mostly(['websocket'], ['h2c', 'a,b']),
  'X-Any': mostly(['a', 'b: c'], ['a\0b', 'a\rb', '\xff']),
};

const fieldName = (name: string): fc.Arbitrary<string> =>
  mostly(
    [name, name.toLowerCase()],
    [` ${name}`, `${name} `, name.replace('-', '_'), `${name}\0`, `${name}\t`, `x\r\n${name}`],
  );

const field = (name: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      fieldName(name),
      mostly([':'], [' :', '::', '']),
      blank,
      FIELDS[name] ?? fc.constant(''),
      blank,
      newline,
    )
    .map(parts => parts.join(''));

const fields = fc
  .tuple(
    field('Host'),
    fc.array(
      fc.oneof(
        ...['Content-Length', 'Transfer-Encoding', 'Connection', 'X-Any', 'Expect', 'Upgrade', 'Host'].map(
          (name, i) => ({ weight: i < 4 ? 4 : 1, arbitrary: field(name) }),
        ),
      ),
      { maxLength: 3 },
    ),
  )
  .map(([host, others]) => host + others.join(''));

const chunk = fc
  .tuple(
    mostly(['3', '03', '3;a=b'], ['0x3', '+3', '3 ', ' 3', '-3', '3;\n', 'g', '', '10000000000000003']),
    newline,
    fc.constantFrom('abc', 'abc', 'ab', 'abcd'),
    newline,
  )
  .map(parts => parts.join(''));

const body = fc.oneof(
  fc.constantFrom('', 'abc', 'abcde', '0\r\n\r\n'),
  fc
    .tuple(
      fc.array(chunk, { maxLength: 2 }),
      mostly(['0', '00', '0;x'], ['0x0', '-0', '']),
      newline,
      mostly([''], ['X: y\r\n', 'Content-Length: 9\r\n', ' z\r\n']),
      newline,
    )
    .map(([chunks, ...rest]) => chunks.join('') + rest.join('')),
);

const request = fc
  .tuple(
    mostly([''], ['\r\n', '\n', ' ', '\r\n\r\n']),
    method,
    space,
    target,
    space,
    version,
    newline,
    fields,
    newline,
    body,
  )
  .map(parts => parts.join(''));

const MARKER = 'GET /marker HTTP/1.1\r\nHost: marker.example\r\nConnection: close\r\n\r\n';

const cutAt = (text: string, places: readonly number[]): string[] => {
  const ends = [...new Set([...places.map(place => place % text.length), text.length])].sort((a, b) => a - b);
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end)).filter(piece => piece !== '');
};

const SLOTS = 24;

it('whatever comes instead of HTTP/1.1, nothing reaches an upstream that could be read in another way', async t => {
  const stages = [await startStage(true, SLOTS), await startStage(false, SLOTS)] as const;
  t.after(() => Promise.all(stages.map(stage => stage.close())));
  const carry = async (sent: string, pieces: readonly string[], place: number): Promise<string[]> => {
    const reading = readConnection(sent);
    const ask = (stage: (typeof stages)[number]) => {
      const slot = stage.slots[place];
      if (slot === undefined) throw new Error('there are no more slots');
      return converse(stage, slot, pieces);
    };
    const [express, full] = await Promise.all([ask(stages[0]), ask(stages[1])]);
    const found = [...judge(sent, reading, express), ...judge(sent, reading, full)];
    if (!areAlike(reading, express, full)) {
      found.push(`the lanes differ: ${JSON.stringify([sent, pieces.length, express, full])}`);
    }
    return found;
  };
  const sent = fc.tuple(
    fc.array(request, { minLength: 1, maxLength: 2 }),
    fc.array(fc.nat(), { maxLength: 4 }),
  );
  let connections = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { minLength: SLOTS, maxLength: SLOTS }), async all => {
      connections += all.length;
      const found = await Promise.all(
        all.map(([requests, places], place) => {
          const text = requests.join('') + MARKER;
          return carry(text, cutAt(text, places), place);
        }),
      );
      assert.deepEqual(found.flat(), []);
    }),
    { ...fuzz(), endOnFailure: true },
  );
  t.diagnostic(`${connections} connections`);
  assert.ok(connections > 100, `${connections} connections`);
});
