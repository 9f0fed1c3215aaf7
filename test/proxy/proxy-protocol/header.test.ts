import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readProxyHeader } from '../../../src/proxy/proxy-protocol/header.ts';
import { IPV4, IPV6, SIGNATURE, tlv, V1, v2 } from './headers.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** `address port`, `nobody`, or what else it is. */
const told = (bytes: Buffer): string => {
  const header = readProxyHeader(bytes);
  if (typeof header === 'string') return header;
  assert.equal(header.bytes, bytes.length);
  return header.peer === undefined ? 'nobody' : `${header.peer.address} ${header.peer.port}`;
};

const LONGEST_V1 = `PROXY UNKNOWN ${'f'.repeat(107 - 16)}\r\n`;

describe('a header of version 1', () => {
  const lines: [name: string, text: string, told: string][] = [
    ['IPv4', V1, '192.0.2.1 8443'],
    ['IPv6', 'PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n', '2001:db8::1 443'],
    [
      'IPv6, all digits',
      `PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`,
      `${'ffff:'.repeat(7)}ffff 65535`,
    ],
    ['mapped IPv4', 'PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n', '192.0.2.1 2'],
    ['the lowest port', 'PROXY TCP4 192.0.2.1 192.0.2.2 0 0\r\n', '192.0.2.1 0'],
    ['unknown', 'PROXY UNKNOWN\r\n', 'nobody'],
    ['unknown, with more behind it', 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', 'nobody'],
    ['the longest', LONGEST_V1, 'nobody'],
    ['one byte longer than that', LONGEST_V1.replace('ff', 'fff'), 'malformed'],
    ['without an end', LONGEST_V1.replace('\r\n', 'ff'), 'malformed'],
    ['another protocol', 'PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n', 'malformed'],
    ['UNKNOWN as a part of a word', 'PROXY UNKNOWNS\r\n', 'malformed'],
    ['two blanks', 'PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n', 'malformed'],
    ['a tab', 'PROXY TCP4\t192.0.2.1 192.0.2.2 1 2\r\n', 'malformed'],
    ['a blank at the end', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n', 'malformed'],
    ['a name', 'PROXY TCP4 localhost 192.0.2.2 1 2\r\n', 'malformed'],
    ['an address of the other family', 'PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n', 'malformed'],
    ['two families', 'PROXY TCP4 192.0.2.1 2001:db8::2 1 2\r\n', 'malformed'],
    ['a zone', 'PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n', 'malformed'],
    ['a zero in front of a port', 'PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n', 'malformed'],
    ['a port past the last', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n', 'malformed'],
    ['a negative port', 'PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n', 'malformed'],
    ['too few words', 'PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n', 'malformed'],
    ['lower case', 'proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n', 'malformed'],
    ['a bare LF', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n', 'incomplete'],
    [
      'a bare LF, and a line behind it',
      'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\nGET / HTTP/1.1\r\n',
      'malformed',
    ],
    ['a NUL', 'PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n', 'malformed'],
  ];
  for (const [name, text, expected] of lines) it(name, () => assert.equal(told(latin1(text)), expected));
});

describe('a header of version 2', () => {
  const unix = Buffer.alloc(216, 'x');
  const headers: [name: string, bytes: Buffer, told: string][] = [
    ['IPv4', v2(1, 0x11, IPV4), '192.0.2.1 8443'],
    ['IPv6', v2(1, 0x21, IPV6), '2001:db8::1 8443'],
    [
      'mapped IPv4',
      v2(1, 0x21, Buffer.concat([Buffer.from(`${'0'.repeat(20)}ffffc0000201`, 'hex'), IPV6.subarray(16)])),
      '192.0.2.1 8443',
    ],
    [
      'with TLVs behind the addresses',
      v2(1, 0x11, Buffer.concat([IPV4, tlv(1, latin1('h2')), tlv(0x20, Buffer.alloc(300))])),
      '192.0.2.1 8443',
    ],
    [
      'with what is no TLV behind them',
      v2(1, 0x11, Buffer.concat([IPV4, Buffer.from([1])])),
      '192.0.2.1 8443',
    ],
    ['the longest', v2(1, 0x11, Buffer.concat([IPV4, Buffer.alloc(16 * 1024 - 28)])), '192.0.2.1 8443'],
    ['LOCAL', v2(0, 0x00, Buffer.alloc(0)), 'nobody'],
    ['LOCAL, whatever its block', v2(0, 0x11, IPV4), 'nobody'],
    ['LOCAL of a family that is none', v2(0, 0xff, Buffer.alloc(3)), 'nobody'],
    ['an unknown family', v2(1, 0x00, Buffer.alloc(0)), 'nobody'],
    ['an unknown family over a stream', v2(1, 0x01, Buffer.alloc(0)), 'nobody'],
    ['UDP', v2(1, 0x12, IPV4), 'nobody'],
    ['UDP over IPv6', v2(1, 0x22, IPV6), 'nobody'],
    ['a UNIX socket', v2(1, 0x31, unix), 'nobody'],
    ['IPv4 that is too short', v2(1, 0x11, IPV4.subarray(1)), 'malformed'],
    ['IPv6 that is too short', v2(1, 0x21, IPV6.subarray(1)), 'malformed'],
    ['a UNIX socket that is too short', v2(1, 0x31, unix.subarray(1)), 'malformed'],
    ['a family that is not assigned', v2(1, 0x41, unix), 'malformed'],
    ['a transport that is not assigned', v2(1, 0x13, IPV4), 'malformed'],
    ['a command that is not assigned', v2(2, 0x11, IPV4), 'malformed'],
    ['version 1 in its bytes', v2(1, 0x11, IPV4, { version: 1 }), 'malformed'],
    ['version 3', v2(1, 0x11, IPV4, { version: 3 }), 'malformed'],
    ['longer than anybody sends', v2(1, 0x11, IPV4, { length: 16 * 1024 - 15 }), 'malformed'],
    ['one byte short of its length', v2(1, 0x11, IPV4, { length: IPV4.length + 1 }), 'incomplete'],
  ];
  for (const [name, bytes, expected] of headers) it(name, () => assert.equal(told(bytes), expected));
});

describe('what is none', () => {
  const others: [name: string, bytes: Buffer][] = [
    ['a request', latin1('GET / HTTP/1.1\r\n')],
    ['a POST, that begins with the same letter', latin1('POST / HTTP/1.1\r\n')],
    ['a TLS handshake', Buffer.from('16030100', 'hex')],
    ['the preface of HTTP/2', latin1('PRI * HTTP/2.0\r\n')],
    ['a signature with its last byte wrong', Buffer.concat([SIGNATURE.subarray(0, 11), Buffer.from([0])])],
    ['empty lines in front of a request', latin1('\r\n\r\nGET /')],
  ];
  for (const [name, bytes] of others) it(name, () => assert.equal(readProxyHeader(bytes), 'malformed'));
});

describe('byte by byte', () => {
  for (const [name, header] of [
    ['version 1', latin1(V1)],
    ['version 2', v2(1, 0x21, IPV6)],
  ] as const) {
    it(`${name} is incomplete until it is whole, and what is behind it is not its own`, () => {
      for (let n = 1; n < header.length; n += 1) {
        assert.equal(readProxyHeader(header.subarray(0, n)), 'incomplete', `${n} bytes`);
      }
      const read = readProxyHeader(Buffer.concat([header, latin1('GET / HTTP/1.1\r\n\r\n')]));
      assert.ok(typeof read !== 'string');
      assert.equal(read.bytes, header.length);
    });
  }
});
