import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { Decision } from '../../src/core/decide/decide.ts';
import { compileFilters } from '../../src/core/filters/compile.ts';
import { compileHeaderChange, editFields } from '../../src/core/filters/header-change.ts';
import type { Filter, HeaderChange } from '../../src/core/model/filter.ts';
import type { Match } from '../../src/core/model/match.ts';
import { Where } from '../../src/core/model/where.ts';
import type { ProxyOptions } from '../../src/proxy/options.ts';
import { decisionFor, type ProxyUnderTest, startProxy } from './support/proxy.ts';
import { deadPort, fieldsOf, rawClient, rawExchange, rawUpstream } from './support/raw.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const MATCH: Match = { kind: 'prefix', path: '/' };
const change = (of: Partial<HeaderChange>): HeaderChange => ({ set: [], add: [], remove: [], ...of });

const get = (path: string, ...lines: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: x.test', ...lines, 'Connection: close', '', ''].join('\r\n');

/** A proxy whose one rule has these filters. */
const withFilters = (
  t: TestContext,
  ports: readonly number[],
  filters: readonly Filter[],
  more: Partial<Decision> & Partial<ProxyOptions> = {},
): Promise<ProxyUnderTest> => {
  const compiled = compileFilters('the rule', MATCH, [{ filters }]);
  const { timeout, tryTimeout, ...options } = more;
  return startProxy(t, ports, {
    decide: ({ path }) => ({ ...decisionFor(path, ...ports), filters: compiled, timeout, tryTimeout }),
    nextId: () => 'id',
    ...options,
  });
};

/** What an upstream receives for this request, and what its client gets, which must be the same in both lanes. */
const through = async (
  t: TestContext,
  filters: readonly Filter[],
  request: string,
  response = OK,
): Promise<{ seen: string; answer: string }> => {
  const [express, full] = await Promise.all(
    [true, false].map(async lane => {
      let seen = '';
      const upstream = await rawUpstream(t, (socket, head) => {
        seen = head;
        socket.write(response);
      });
      const { port } = await withFilters(t, [upstream.port], filters, { express: lane });
      const answer = await rawExchange(t, port, request);
      return { seen, answer: answer.replace(/^Date: \w{3}, .*$/m, 'Date: now') };
    }),
  );
  assert.deepEqual(express, full);
  return express as NonNullable<typeof express>;
};

describe('what is sent upstream', () => {
  it('what this hop says of the client can be replaced; each field is there once', async t => {
    const set = [
      ['X-Forwarded-Proto', 'https'],
      ['Forwarded', 'for=hidden'],
    ] as const;
    const filter: Filter = { type: 'request-headers', change: change({ set, remove: ['x-forwarded-for'] }) };
    const { seen } = await through(t, [filter], get('/', 'X-Forwarded-For: 10.0.0.1'));
    const fields = fieldsOf(seen);
    assert.deepEqual(fields['x-forwarded-proto'], ['https']);
    assert.deepEqual(fields.forwarded, ['for=hidden']);
    assert.equal(fields['x-forwarded-for'], undefined);
    assert.deepEqual(fields.host, ['x.test']);
    assert.deepEqual(fields['x-request-id'], ['id']);
  });

  it('another Host, and the client’s own in X-Forwarded-Host and Forwarded', async t => {
    const { seen } = await through(t, [{ type: 'rewrite', hostname: 'inner.test' }], get('/'));
    const fields = fieldsOf(seen);
    assert.deepEqual(fields.host, ['inner.test']);
    assert.deepEqual(fields['x-forwarded-host'], ['x.test']);
    assert.deepEqual(fields.forwarded, ['for=127.0.0.1;host=x.test;proto=http']);
  });

  it('a connection that asks for two rules in turn has the stamp of each', async t => {
    const hosts: string[] = [];
    const upstream = await rawUpstream(t, (socket, head) => {
      hosts.push(fieldsOf(head).host?.[0] ?? '');
      socket.write(OK);
    });
    const filters = compileFilters('a', MATCH, [{ filters: [{ type: 'rewrite', hostname: 'inner.test' }] }]);
    const { port } = await startProxy(t, upstream.port, {
      decide: ({ path }) => ({
        ...decisionFor(path, upstream.port),
        filters: path === '/a' ? filters : undefined,
      }),
    });
    const client = await rawClient(t, port);
    for (const [i, path] of ['/a', '/b', '/a'].entries()) {
      client.send(`GET ${path} HTTP/1.1\r\nHost: x.test\r\n\r\n`);
      await client.until(text => text.split('200 OK').length > i + 1);
    }
    assert.deepEqual(hosts, ['inner.test', 'x.test', 'inner.test']);
  });

  it('each attempt has every change once', async t => {
    const heads: string[] = [];
    const upstream = await rawUpstream(t, (socket, head) => {
      heads.push(head);
      socket.write(OK);
    });
    const ports = [await deadPort(), await deadPort(), upstream.port];
    const filters: Filter[] = [
      { type: 'request-headers', change: change({ add: [['X-Added', 'once']] }) },
      { type: 'rewrite', path: { kind: 'prefix', value: '/new' } },
    ];
    const { port, ended } = await withFilters(t, ports, filters);
    assert.match(await rawExchange(t, port, get('/x?q', 'X-Added: own')), /^HTTP\/1\.1 200 /);
    assert.match(heads[0] ?? '', /^GET \/new\/x\?q HTTP/);
    assert.deepEqual(fieldsOf(heads[0] ?? '')['x-added'], ['own', 'once']);
    assert.ok((await ended()).attempts.length >= 2);
  });

  it('is what the change makes of the fields, whatever those are, in both lanes', async t => {
    const name = fc.constantFrom('X-A', 'x-a', 'X-B', 'Accept', 'Cookie', 'X-Forwarded-Host');
    const value = fc.stringMatching(/^[!-~]{1,8}$/);
    const pairs = fc.array(fc.tuple(name, value), { maxLength: 3 });
    const changes = fc.record({
      set: pairs,
      add: pairs,
      remove: fc.array(
        name.map(n => n.toLowerCase()),
        { maxLength: 2 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(changes, pairs, async (of, fields) => {
        const request = get('/', ...fields.map(([n, v]) => `${n}: ${v}`));
        const plain = await through(t, [], request);
        const { seen } = await through(t, [{ type: 'request-headers', change: of }], request);
        const expected = editFields(pairsOf(plain.seen), compileHeaderChange(of));
        assert.deepEqual(sorted(pairsOf(seen)), sorted(expected));
      }),
      { numRuns: 15 },
    );
  });
});

/** Name, value, name, value … */
const pairsOf = (head: string): string[] =>
  head
    .split('\r\n')
    .slice(1, -2)
    .flatMap(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);

/** By name, the order within each kept. */
const sorted = (fields: readonly string[]): string[][] => {
  const lines: string[][] = [];
  for (let i = 0; i < fields.length; i += 2)
    lines.push([(fields[i] ?? '').toLowerCase(), fields[i + 1] ?? '']);
  return lines.sort(([a = ''], [b = '']) => (a < b ? -1 : a > b ? 1 : 0));
};

describe('what goes to the client', () => {
  it('fields as the rule wants them, framing and id as ever', async t => {
    const of = change({ set: [['Server', 'ours']], remove: ['x-powered-by'] });
    const response = 'HTTP/1.1 200 OK\r\nServer: theirs\r\nX-Powered-By: x\r\nContent-Length: 2\r\n\r\nok';
    const { answer } = await through(t, [{ type: 'response-headers', change: of }], get('/'), response);
    const fields = fieldsOf(answer);
    assert.deepEqual(fields.server, ['ours']);
    assert.equal(fields['x-powered-by'], undefined);
    assert.deepEqual(fields['content-length'], ['2']);
    assert.deepEqual(fields['x-request-id'], ['id']);
  });

  for (const [name, of, dates] of [
    ['a Date that is set is the only one', change({ set: [['Date', 'never']] }), ['never']],
    ['a Date that is removed is ours', change({ remove: ['date'] }), ['now']],
  ] as const) {
    it(name, async t => {
      const response = 'HTTP/1.1 200 OK\r\nDate: yesterday\r\nContent-Length: 2\r\n\r\nok';
      const { answer } = await through(t, [{ type: 'response-headers', change: of }], get('/'), response);
      assert.deepEqual(fieldsOf(answer).date, dates);
    });
  }

  it('an answer of our own has them as well', async t => {
    const filter: Filter = {
      type: 'response-headers',
      change: change({ set: [['X-Frame-Options', 'DENY']] }),
    };
    const { port } = await withFilters(t, [await deadPort()], [filter]);
    const answer = await rawExchange(t, port, get('/'));
    assert.match(answer, /^HTTP\/1\.1 502 /);
    assert.deepEqual(fieldsOf(answer)['x-frame-options'], ['DENY']);
  });
});

describe('what a rule answers by itself', () => {
  const where = new Where('the rule', '', '');
  const answering = (t: TestContext, options: Partial<ProxyOptions> = {}) =>
    startProxy(t, [], {
      decide: () => ({ where, answer: { status: 307, fields: ['Location', 'http://y.test/'] } }),
      nextId: () => 'id',
      ...options,
    });

  for (const express of [true, false]) {
    const lane = express ? 'express' : 'full';
    it(`is observed like any answer, and the connection goes on (${lane})`, async t => {
      const { port, ended } = await answering(t, { express });
      const client = await rawClient(t, port);
      for (const n of [0, 1]) {
        client.send('GET /a HTTP/1.1\r\nHost: x.test\r\n\r\n');
        await client.until(text => text.split('Location').length > n + 1);
        const { attempts, end } = await ended(n);
        assert.deepEqual(attempts, []);
        assert.deepEqual([end.status, end.where, end.error], [307, where, undefined]);
      }
      const fields = fieldsOf(client.received());
      assert.deepEqual(fields.location, ['http://y.test/']);
      assert.deepEqual(fields['x-request-id'], ['id']);
      assert.deepEqual(fields['content-length'], ['0']);
    });

    it(`does not wait for a long body (${lane})`, async t => {
      const { port, ended } = await answering(t, { express });
      const client = await rawClient(t, port);
      client.send('POST /a HTTP/1.1\r\nHost: x.test\r\nContent-Length: 100000\r\n\r\nthe beginning');
      await client.until(/Location: /);
      assert.equal((await ended()).end.status, 307);
    });
  }

  it('answers a request for an upgrade, too', async t => {
    const { port, ended } = await answering(t);
    const answer = await rawExchange(
      t,
      port,
      'GET /chat HTTP/1.1\r\nHost: x.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    assert.match(answer, /^HTTP\/1\.1 307 [\s\S]*Location: http:\/\/y\.test\//);
    assert.equal((await ended()).end.status, 307);
  });
});

it('an upgrade is sent as its rule wants it', async t => {
  let seen = '';
  const upstream = await rawUpstream(t, (socket, head) => {
    seen = head;
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  });
  const { port } = await withFilters(
    t,
    [upstream.port],
    [
      { type: 'rewrite', hostname: 'inner.test' },
      { type: 'request-headers', change: change({ set: [['X-Set', 'set']] }) },
    ],
  );
  const client = await rawClient(t, port);
  client.send(
    'GET /chat?q HTTP/1.1\r\nHost: x.test\r\nX-Set: own\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
  await client.until(/^HTTP\/1\.1 101 /);
  const fields = fieldsOf(seen);
  assert.deepEqual(fields.host, ['inner.test']);
  assert.deepEqual(fields['x-set'], ['set']);
});

describe('the time of one attempt', () => {
  it('ends a response that has begun and is not over by then', async t => {
    const upstream = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    );
    const { port, ended } = await withFilters(t, [upstream.port], [], { tryTimeout: 100 });
    const client = await rawClient(t, port);
    client.send(get('/'));
    assert.match(await client.untilOver(), /half$/);
    const { end, attempts } = await ended();
    assert.deepEqual(attempts[0]?.end, { status: 200, error: 'upstream_timeout' });
    assert.equal(end.cut, true);
  });

  it('leaves a response alone that is over by then, and the connection for the next', async t => {
    const upstream = await rawUpstream(t, socket => socket.write(OK));
    const { port } = await withFilters(t, [upstream.port], [], { tryTimeout: 100 });
    const began = performance.now();
    while (performance.now() - began < 250) {
      assert.match(await rawExchange(t, port, get('/')), /200 OK/);
    }
    assert.equal(upstream.connections.length, 1);
  });

  it('stands still while the client uploads', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port } = await withFilters(t, [upstream.port], [], { tryTimeout: 150 });
    const client = await rawClient(t, port);
    client.send('POST / HTTP/1.1\r\nHost: x.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n');
    const began = performance.now();
    const upload = setInterval(() => {
      if (performance.now() - began < 400) client.send('1\r\nx\r\n');
      else {
        clearInterval(upload);
        client.send('0\r\n\r\n');
      }
    }, 10);
    assert.match(await client.untilOver(), /^HTTP\/1\.1 504 /);
    assert.ok(performance.now() - began >= 540);
  });
});
