import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { it } from 'node:test';
import fc from 'fast-check';
import { readProxyHeader } from '../../../src/proxy/proxy-protocol/header.ts';
import { fuzz } from '../../support/fuzz.ts';
import { IPV4, IPV6, V1, v2 } from './headers.ts';

const whole = fc.constantFrom(
  Buffer.from(V1, 'latin1'),
  Buffer.from('PROXY UNKNOWN\r\n', 'latin1'),
  Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n', 'latin1'),
  v2(1, 0x11, IPV4),
  v2(1, 0x21, IPV6),
  v2(0, 0, Buffer.alloc(0)),
  v2(1, 0x31, Buffer.alloc(216)),
);

/** Headers with bytes changed, put in, taken out, and cut off. */
const mutated = fc
  .tuple(
    whole,
    fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'add', 'cut')), { maxLength: 4 }),
    fc.uint8Array(),
  )
  .map(([header, changes, rest]) => {
    const bytes = [...header];
    for (const [at, byte, how] of changes) {
      bytes.splice(at % (bytes.length + 1), how === 'add' ? 0 : 1, ...(how === 'cut' ? [] : [byte]));
    }
    return Buffer.from([...bytes, ...rest]);
  });

it('whatever a proxy sends: an address or none, the same however it is cut, and never past its end', t => {
  let headers = 0;
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array().map(Buffer.from)), fc.nat(), (bytes, cut) => {
      fc.pre(bytes.length > 0);
      const read = readProxyHeader(bytes);
      const part = readProxyHeader(bytes.subarray(0, 1 + (cut % bytes.length)));
      if (typeof read === 'string') {
        // More bytes only ever decide what was open.
        if (read === 'incomplete') assert.equal(part, 'incomplete');
        else assert.ok(part === 'incomplete' || part === 'malformed');
        return;
      }
      headers += 1;
      assert.ok(read.bytes <= bytes.length);
      assert.deepEqual(readProxyHeader(bytes.subarray(0, read.bytes)), read);
      assert.deepEqual(part, 1 + (cut % bytes.length) < read.bytes ? 'incomplete' : read);
      if (read.peer === undefined) return;
      assert.notEqual(isIP(read.peer.address), 0);
      assert.ok(read.peer.port >= 0 && read.peer.port <= 65_535);
    }),
    fuzz(0.5),
  );
  t.diagnostic(`${headers} headers`);
  assert.ok(headers > 100, `${headers} headers`);
});
