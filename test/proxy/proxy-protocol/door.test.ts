import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { silentLog } from '../../../src/telemetry/log.ts';
import { eventually } from '../../support/wait.ts';
import { type ProxyUnderTest, startHttp, startProxy } from '../support/proxy.ts';
import { rawClient } from '../support/raw.ts';
import { IPV4, IPV6, V1, v2 } from './headers.ts';

const GET = 'GET /a HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n';
const latin1 = (bytes: Buffer): string => bytes.toString('latin1');

/** A proxy that asks for headers of 127.0.0.1, in front of a service that tells what it was told. */
const start = async (
  t: TestContext,
  options: Parameters<typeof startProxy>[2] = {},
): Promise<ProxyUnderTest> => {
  const upstream = await startHttp(t, (req, res) => {
    let body = '';
    req.setEncoding('latin1').on('data', piece => {
      body += piece;
    });
    req.on('end', () => res.end(`${req.headers['x-forwarded-for']} ${body.length}`));
  });
  return startProxy(t, upstream.port, {
    proxyProtocol: true,
    trusts: address => address === '127.0.0.1',
    ...options,
  });
};

for (const express of [true, false]) {
  describe(`behind a header of the PROXY protocol (${express ? 'express' : 'full'} lane)`, () => {
    const headers: [name: string, header: string, client: string][] = [
      ['version 1', V1, '192.0.2.1'],
      ['version 2', latin1(v2(1, 0x11, IPV4)), '192.0.2.1'],
      ['version 2 with IPv6', latin1(v2(1, 0x21, IPV6)), '2001:db8::1'],
      ['LOCAL, a check of the proxy itself', latin1(v2(0, 0, Buffer.alloc(0))), '127.0.0.1'],
      ['UNKNOWN', 'PROXY UNKNOWN\r\n', '127.0.0.1'],
    ];
    for (const [name, header, client] of headers) {
      it(`${name}: the client is ${client}`, async t => {
        const { port, ended } = await start(t, { express });
        const raw = await rawClient(t, port);
        raw.send(header + GET);
        assert.match(await raw.untilOver(), new RegExp(`\\r\\n\\r\\n${client} 0$`));
        assert.equal((await ended()).start.clientAddress, client);
      });
    }

    it('bytes that come one by one make the same request', async t => {
      const { port, ended } = await start(t, { express });
      const raw = await rawClient(t, port);
      raw.socket.setNoDelay(true);
      for (const byte of V1 + GET) {
        raw.send(byte);
        await new Promise(setImmediate);
      }
      assert.match(await raw.untilOver(), /192\.0\.2\.1 0$/);
      assert.equal((await ended()).start.clientAddress, '192.0.2.1');
    });

    it('a body behind it, and the requests that follow, come through whole', async t => {
      const { port } = await start(t, { express });
      const raw = await rawClient(t, port);
      raw.send(
        `${V1}POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`,
      );
      await raw.until(/192\.0\.2\.1 100000$/);
      raw.send(GET);
      assert.match(await raw.untilOver(), /192\.0\.2\.1 0$/);
    });
  });
}

describe('a proxy that is trusted, and a client behind it', () => {
  it('the client is believed of nobody: what it says in X-Forwarded-For is replaced', async t => {
    const { port } = await start(t);
    const raw = await rawClient(t, port);
    raw.send(V1 + GET.replace('\r\n\r\n', '\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n'));
    assert.match(await raw.untilOver(), /\r\n\r\n192\.0\.2\.1 0$/);
  });

  it('the entrance is the one that the client came by', async t => {
    let entrance: number | undefined;
    const { port } = await start(t, {
      decide: facts => {
        entrance = facts.entrancePort;
        return { code: 'no_route' };
      },
    });
    const raw = await rawClient(t, port);
    raw.send(V1 + GET);
    await raw.untilOver();
    assert.equal(entrance, 8443);
  });

  it('connections are counted by client, not by proxy', async t => {
    const { port, proxy } = await start(t, { limits: { connectionsPerClient: 1 } });
    const one = await rawClient(t, port);
    one.send(V1);
    await eventually(() => proxy.figures().connections === 1, { within: 5_000, hint: 'one is in' });
    const same = await rawClient(t, port);
    same.send(V1 + GET);
    assert.equal(await same.untilOver(), '');
    const other = await rawClient(t, port);
    other.send(V1.replace('192.0.2.1', '192.0.2.2') + GET);
    assert.match(await other.untilOver(), /^HTTP\/1\.1 200 /);
  });

  it('HTTP/2 by prior knowledge is understood behind it', async t => {
    const { port } = await start(t);
    const socket: Socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write(v2(1, 0x11, IPV4));
    const session = connectHttp2('http://x.test', { createConnection: () => socket });
    t.after(() => session.destroy());
    const stream = session.request({ ':path': '/' });
    let text = '';
    for await (const piece of stream.setEncoding('utf8')) text += piece;
    assert.equal(text, '192.0.2.1 0');
  });
});

describe('a connection that is closed unread', () => {
  const refusals: [name: string, reason: string, sent: string, options: Parameters<typeof startProxy>[2]][] =
    [
      ['comes from a peer that is not trusted', 'untrusted', V1 + GET, { trusts: () => false }],
      ['begins with a request', 'malformed', GET, {}],
      ['has a header that is malformed', 'malformed', V1.replace('TCP4', 'TCP5') + GET, {}],
      ['brings half a header and no more', 'late', V1.slice(0, 20), { timeouts: { requestHead: 50 } }],
      ['brings nothing', 'late', '', { timeouts: { requestHead: 50 } }],
    ];
  for (const [name, reason, sent, options] of refusals) {
    it(`${name} (${reason})`, async t => {
      const hints: unknown[] = [];
      const log = Object.assign(Object.create(silentLog), { warn: (fields: unknown) => hints.push(fields) });
      const { port, proxy, observed } = await start(t, { ...options, log });
      const raw = await rawClient(t, port);
      raw.send(sent);
      assert.equal(await raw.untilOver(), '');
      assert.equal(observed.length, 0);
      assert.deepEqual(proxy.figures().unproxied, { untrusted: 0, malformed: 0, late: 0, [reason]: 1 });
      assert.equal(hints.length, 1);
    });
  }

  it('one that a check opens and closes is nobody’s fault', async t => {
    const { port, proxy } = await start(t);
    const raw = await rawClient(t, port);
    raw.socket.end();
    await raw.untilOver();
    assert.deepEqual(proxy.figures().unproxied, { untrusted: 0, malformed: 0, late: 0 });
  });
});
