import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { clientInForwarded } from '../../../src/core/client/forwarded.ts';
import { clientIn } from '../../../src/core/client/forwarded-for.ts';
import { addressOfNode, readAddress } from '../../../src/core/client/node.ts';

/** Proxies are those of 10.0.0.0/8 and fd00::/8. */
const isProxy = (address: string): boolean => address.startsWith('10.') || address.startsWith('fd00:');

describe('the address in a node', () => {
  const nodes: [node: string, address: string | undefined][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['192.0.2.1:_port', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['[::FFFF:192.0.2.1]:80', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['2001:0db8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[192.0.2.1]', undefined],
    ['192.0.2.1:', undefined],
    ['192.0.2.1:123456', undefined],
    ['192.0.2.1:80:80', undefined],
    ['192.0.2', undefined],
    ['192.0.2.256', undefined],
    ['0192.0.2.1', undefined],
    ['192.0.2.1 ', undefined],
    ['[2001:db8::1', undefined],
    ['unknown', undefined],
    ['_hidden', undefined],
    ['localhost', undefined],
    ['', undefined],
  ];
  for (const [node, address] of nodes) {
    it(`${JSON.stringify(node)}: ${address ?? 'none'}`, () => assert.equal(addressOfNode(node), address));
  }
});

describe('the client in X-Forwarded-For', () => {
  const lists: [name: string, list: string, client: string | undefined][] = [
    ['one address', '192.0.2.1', '192.0.2.1'],
    ['the right-most that is no proxy', '192.0.2.9, 192.0.2.1, 10.0.0.1, 10.0.0.2', '192.0.2.1'],
    ['whatever the client wrote in front', 'x"), 127.0.0.1,,192.0.2.1', '192.0.2.1'],
    ['without blanks, or with tabs', '192.0.2.9,192.0.2.1,\t10.0.0.1\t', '192.0.2.1'],
    ['of proxies alone the left-most', '10.0.0.3, 10.0.0.1', '10.0.0.3'],
    ['a port behind it', '192.0.2.1:4711, 10.0.0.1:80', '192.0.2.1'],
    ['of both families', '2001:db8::1, fd00::1, 10.0.0.1', '2001:db8::1'],
    ['a proxy in mapped form', '192.0.2.1, ::ffff:10.0.0.1', '192.0.2.1'],
    ['what stands right of a word', '192.0.2.1, unknown, 10.0.0.1', '10.0.0.1'],
    ['what stands right of an empty element', '192.0.2.1, , 10.0.0.1', '10.0.0.1'],
    ['nobody, where the last is no address', '192.0.2.1, unknown', undefined],
    ['nobody, where the last is empty', '192.0.2.1,', undefined],
    ['nobody in an empty list', '', undefined],
    ['nobody in a lone comma', ',', undefined],
    ['the last of more proxies than anybody has', `192.0.2.1${', 10.0.0.1'.repeat(32)}`, '10.0.0.1'],
    ['the one in front of as many as may be', `192.0.2.1${', 10.0.0.1'.repeat(31)}`, '192.0.2.1'],
  ];
  for (const [name, list, client] of lists) it(name, () => assert.equal(clientIn(list, isProxy), client));
});

describe('the client in Forwarded', () => {
  const fields: [name: string, field: string, client: string | undefined][] = [
    ['one element', 'for=192.0.2.1', '192.0.2.1'],
    ['its scheme beside it', 'for=192.0.2.1;proto=https;by=10.0.0.1', '192.0.2.1 https'],
    ['names in any case', 'For=192.0.2.1;Proto=HTTPS', '192.0.2.1 https'],
    ['IPv6 in quotes', 'for="[2001:db8::1]:4711"', '2001:db8::1'],
    [
      'the right-most that is no proxy',
      'for=192.0.2.9, for=192.0.2.1;proto=http, for=10.0.0.1;proto=https',
      '192.0.2.1 http',
    ],
    ['a comma in quotes', 'for=192.0.2.1;host="a,b", for="10.0.0.1"', '192.0.2.1'],
    ['a quote that the client left open', 'for="192.0.2.9, for=192.0.2.1, for="10.0.0.1"', '192.0.2.1'],
    ['garbage that the client wrote', ';;=,\\",for=192.0.2.1', '192.0.2.1'],
    ['what stands right of a hidden one', 'for=192.0.2.1, for=_hidden, for=10.0.0.1', '10.0.0.1'],
    ['what stands right of an element without for', 'for=192.0.2.1, proto=https, for=10.0.0.1', '10.0.0.1'],
    ['nobody, where the last is unknown', 'for=192.0.2.1, for=unknown', undefined],
    ['nobody, where the last is malformed', 'for=192.0.2.1, for="10.0.0.1', undefined],
    ['nobody in an escape', 'for="192.0.2.\\1"', undefined],
    ['nobody in an empty field', '', undefined],
    ['the last of more proxies than anybody has', `for=192.0.2.1${', for=10.0.0.1'.repeat(32)}`, '10.0.0.1'],
  ];
  for (const [name, field, client] of fields) {
    it(name, () => {
      const found = clientInForwarded(field, isProxy);
      assert.equal(found && [found.address, found.scheme].filter(Boolean).join(' '), client);
    });
  }
});

describe('whatever a client writes', () => {
  const written = fc.oneof(
    fc.string(),
    fc
      .array(fc.constantFrom('"', '\\', ',', ';', ' ', 'for=', '10.0.0.1', '192.0.2.9', '[', ']', ':'))
      .map(all => all.join('')),
  );
  const client = fc.oneof(fc.ipV4(), fc.ipV6()).filter(address => !isProxy(readAddress(address) ?? ''));

  it('proxies that append what they see are believed about it', () => {
    fc.assert(
      fc.property(written, client, fc.nat(5), (text, address, proxies) => {
        const list = `${text}, ${address}${', 10.0.0.1'.repeat(proxies)}`;
        assert.equal(clientIn(list, isProxy), readAddress(address));
        const node = isIP(address) === 6 ? `"[${address}]"` : address;
        const field = `${text}, for=${node};proto=https${', for="10.0.0.1"'.repeat(proxies)}`;
        assert.equal(clientInForwarded(field, isProxy)?.address, readAddress(address));
      }),
      { numRuns: 2_000 },
    );
  });
});
