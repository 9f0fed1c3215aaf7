import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ProxyFacts } from '../../src/proxy/options.ts';
import { decisionFor, startProxy, VIA } from './support/proxy.ts';
import { fieldsOf, rawExchange, rawUpstream } from './support/raw.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** The peer in these tests, and two proxies in front of it. */
const PEER = '127.0.0.1';
const PROXIES = [PEER, '10.0.0.1', '10.0.0.2'];

interface Seen {
  /** By the upstream. */
  readonly fields: Record<string, string[]>;
  /** By whoever decides. */
  readonly facts: Pick<ProxyFacts, 'clientAddress' | 'peerAddress' | 'scheme' | 'entrancePort'>;
  /** In logs and spans. */
  readonly observed: { readonly clientAddress: string; readonly scheme: string };
  readonly port: number;
}

const seen = async (
  t: TestContext,
  lines: readonly string[],
  { trusted = PROXIES, express = true }: { trusted?: readonly string[]; express?: boolean } = {},
): Promise<Seen> => {
  let head = '';
  let facts: Seen['facts'] | undefined;
  const upstream = await rawUpstream(t, (socket, received) => {
    head = received;
    socket.write(OK);
  });
  const { port, ended } = await startProxy(t, upstream.port, {
    express,
    trusts: address => trusted.includes(address),
    decide: asked => {
      const { clientAddress, peerAddress, scheme, entrancePort = 0 } = asked;
      facts = { clientAddress, peerAddress, scheme, entrancePort };
      return decisionFor(asked.path, upstream.port);
    },
  });
  await rawExchange(
    t,
    port,
    ['GET / HTTP/1.1', 'Host: x.test', ...lines, 'Connection: close', '', ''].join('\r\n'),
  );
  const { clientAddress, scheme } = (await ended()).start;
  assert.ok(facts !== undefined);
  return { fields: fieldsOf(head), facts, observed: { clientAddress, scheme }, port };
};

const CLAIMS = [
  'X-Forwarded-For: 192.0.2.9, 192.0.2.1, 10.0.0.1',
  'Forwarded: for="[2001:db8::1]";proto=https, for=10.0.0.1',
  'X-Forwarded-Host: shop.test',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Port: 8443',
  'X-Forwarded-Prefix: /shop',
  'X-Forwarded-User: admin',
  'X-Real-IP: 192.0.2.9',
  'Via: 1.1 edge',
];

for (const express of [true, false]) {
  describe(`what goes upstream of the client (${express ? 'express' : 'full'} lane)`, () => {
    it('of one who came without proxies: who asked, by which name and by which way', async t => {
      const { fields } = await seen(t, [], { trusted: [], express });
      assert.deepEqual(fields['x-forwarded-for'], [PEER]);
      assert.deepEqual(fields['x-forwarded-host'], ['x.test']);
      assert.deepEqual(fields['x-forwarded-port'], ['80']);
      assert.deepEqual(fields['x-forwarded-proto'], ['http']);
      assert.deepEqual(fields.forwarded, [`for=${PEER};host=x.test;proto=http`]);
      assert.deepEqual(fields.via, [`1.1 ${VIA}`]);
    });

    it('of a peer that is not trusted nothing that it says of others, but for its Via', async t => {
      const { fields, facts, observed, port } = await seen(t, CLAIMS, { trusted: [], express });
      assert.deepEqual(fields['x-forwarded-for'], [PEER]);
      assert.deepEqual(fields['x-forwarded-host'], ['x.test']);
      assert.deepEqual(fields['x-forwarded-port'], ['80']);
      assert.deepEqual(fields['x-forwarded-proto'], ['http']);
      assert.deepEqual(fields['x-forwarded-prefix'], undefined);
      assert.deepEqual(fields['x-forwarded-user'], undefined);
      assert.deepEqual(fields['x-real-ip'], undefined);
      assert.deepEqual(fields.forwarded, [`for=${PEER};host=x.test;proto=http`]);
      assert.deepEqual(fields.via, [`1.1 edge, 1.1 ${VIA}`]);
      assert.equal(facts.clientAddress, PEER);
      assert.equal(facts.scheme, 'http');
      assert.equal(facts.entrancePort, port);
      assert.deepEqual(observed, { clientAddress: PEER, scheme: 'http' });
    });

    it('of a trusted peer all that it says, and the peer itself behind it', async t => {
      const { fields, facts, observed } = await seen(t, CLAIMS, { express });
      assert.deepEqual(fields['x-forwarded-for'], [`192.0.2.9, 192.0.2.1, 10.0.0.1, ${PEER}`]);
      assert.deepEqual(fields.forwarded, [
        `for="[2001:db8::1]";proto=https, for=10.0.0.1, for=${PEER};host=x.test;proto=http`,
      ]);
      assert.deepEqual(fields['x-forwarded-host'], ['shop.test']);
      assert.deepEqual(fields['x-forwarded-port'], ['8443']);
      assert.deepEqual(fields['x-forwarded-proto'], ['https']);
      assert.deepEqual(fields['x-forwarded-prefix'], ['/shop']);
      assert.deepEqual(fields['x-real-ip'], ['192.0.2.9']);
      assert.equal(facts.clientAddress, '192.0.2.1');
      assert.equal(facts.peerAddress, PEER);
      assert.equal(facts.scheme, 'https');
      assert.equal(facts.entrancePort, 8443);
      assert.deepEqual(observed, { clientAddress: '192.0.2.1', scheme: 'https' });
    });
  });
}

describe('the client of a request from a trusted peer', () => {
  const cases: [
    name: string,
    lines: string[],
    client: string,
    scheme: string,
    upstream: Record<string, string>,
  ][] = [
    [
      'is the peer where it speaks of nobody',
      [],
      PEER,
      'http',
      { 'x-forwarded-for': PEER, 'x-forwarded-proto': 'http', 'x-forwarded-port': '80' },
    ],
    [
      'is found over several lines of a field',
      ['X-Forwarded-For: 192.0.2.9', 'X-Forwarded-For: 192.0.2.1'],
      '192.0.2.1',
      'http',
      { 'x-forwarded-for': `192.0.2.9, 192.0.2.1, ${PEER}` },
    ],
    [
      'is told by Forwarded where there is no X-Forwarded-For',
      ['Forwarded: for=192.0.2.1;proto=https, for=10.0.0.2'],
      '192.0.2.1',
      'https',
      { 'x-forwarded-for': PEER, 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' },
    ],
    [
      'is told by X-Forwarded-For where both are there',
      ['Forwarded: for=192.0.2.9;proto=https', 'X-Forwarded-For: 192.0.2.1'],
      '192.0.2.1',
      'http',
      { 'x-forwarded-proto': 'http' },
    ],
    ['is the peer where the last is no address', ['X-Forwarded-For: 192.0.2.1, unknown'], PEER, 'http', {}],
    [
      'has the scheme of the outermost proxy',
      ['X-Forwarded-Proto: https, http'],
      PEER,
      'https',
      { 'x-forwarded-proto': 'https, http', 'x-forwarded-port': '443' },
    ],
    [
      'has the scheme of the connection where another is told',
      ['X-Forwarded-Proto: gopher'],
      PEER,
      'http',
      {},
    ],
  ];
  for (const [name, lines, client, scheme, upstream] of cases) {
    it(name, async t => {
      const { fields, facts, observed } = await seen(t, lines);
      assert.equal(facts.clientAddress, client);
      assert.equal(facts.scheme, scheme);
      assert.deepEqual(observed, { clientAddress: client, scheme });
      for (const [field, value] of Object.entries(upstream)) assert.deepEqual(fields[field], [value], field);
    });
  }
});

it('the port goes upstream as the client named it', async t => {
  let head = '';
  const upstream = await rawUpstream(t, (socket, received) => {
    head = received;
    socket.write(OK);
  });
  const { port } = await startProxy(t, upstream.port);
  await rawExchange(t, port, 'GET / HTTP/1.1\r\nHost: x.test:8081\r\nConnection: close\r\n\r\n');
  assert.deepEqual(fieldsOf(head)['x-forwarded-port'], ['8081']);
});

it('a claim spelled with underscores, as CGI reads it, goes upstream from nobody', async t => {
  const lines = ['X_Forwarded_For: 6.6.6.6', 'X-Forwarded_Port: 1', 'x_real_ip: 6.6.6.6'];
  const { fields } = await seen(t, lines, { trusted: [] });
  for (const name of Object.keys(fields)) assert.ok(!name.includes('_'), name);
  assert.equal((await seen(t, lines)).fields['x-forwarded_port'], undefined);
});
