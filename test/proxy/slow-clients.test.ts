import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { type Slow, SlowClients } from '../../src/proxy/slow-clients.ts';
import { chat } from '../support/grpc-calls.ts';
import { startGrpcClient, startGrpcServer } from '../support/grpc-service.ts';
import { eventually } from '../support/wait.ts';
import { startClient } from './h2/support/client.ts';
import { decisionFor, spokenTo, startHttp, startProxy } from './support/proxy.ts';
import { rawClient, rawExchange } from './support/raw.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n';
/** More than the buffers of any connection take. */
const MUCH = 64 * 1024 * 1024;

const startMuch = (t: Parameters<typeof startHttp>[0]) =>
  startHttp(t, (req, res) => {
    if (req.url === '/') res.end('ok');
    else if (req.url === '/never') req.resume();
    else if (req.method === 'POST') req.resume().on('end', () => res.end('thanks'));
    else res.setHeader('Content-Length', MUCH).end(Buffer.alloc(MUCH));
  });

describe('where an instance has no more room', () => {
  it('a client that takes nothing gives way to the next request', async t => {
    const upstream = await startMuch(t);
    const { port, proxy, observed } = await startProxy(t, upstream.port, {
      limits: { connectionsPerInstance: 2 },
    });
    const idlers = [await rawClient(t, port), await rawClient(t, port)] as const;
    for (const [i, idler] of idlers.entries()) {
      idler.socket.pause();
      idler.send('GET /much HTTP/1.1\r\nHost: x.test\r\n\r\n');
      await eventually(() => observed[i]?.attempts.length === 1, { within: 2_000, hint: 'its attempt' });
    }
    assert.match(await rawExchange(t, port, GET), /^HTTP\/1\.1 503 /, 'nobody was slow for long');

    const served = await eventually(
      async () => {
        const answer = await rawExchange(t, port, GET);
        return answer.startsWith('HTTP/1.1 200 ') ? answer : undefined;
      },
      { within: 5_000, hint: 'a place for an honest client' },
    );

    assert.match(served, /ok$/);
    assert.equal(proxy.figures().shed.slow_clients, 1);
    const ends = observed.slice(0, 2).map(({ end }) => end);
    assert.equal(ends.filter(end => end?.error === 'request_timeout' && end.cut === true).length, 1);
    assert.ok(ends.includes(undefined), 'the other goes on');
    assert.equal(
      (await rawExchange(t, port, GET)).startsWith('HTTP/1.1 200 '),
      true,
      'the place is a free one now',
    );
    assert.equal(proxy.figures().shed.slow_clients, 1);
  });

  it('a client that sends next to nothing of its body does so with 408', async t => {
    const upstream = await startMuch(t);
    const { port, proxy } = await startProxy(t, upstream.port, { limits: { connectionsPerInstance: 1 } });
    const idler = await rawClient(t, port);
    idler.send('POST /body HTTP/1.1\r\nHost: x.test\r\nContent-Length: 900000\r\n\r\nabc');

    await eventually(async () => (await rawExchange(t, port, GET)).startsWith('HTTP/1.1 200 '), {
      within: 5_000,
      hint: 'a place for an honest client',
    });

    assert.match(await idler.untilOver(), /^HTTP\/1\.1 408 /);
    assert.equal(proxy.figures().shed.slow_clients, 1);
  });

  it('so does a stream of HTTP/2 whose window stays shut, and its connection goes on', async t => {
    const upstream = await startMuch(t);
    const { port, proxy } = await startProxy(t, upstream.port, { limits: { connectionsPerInstance: 1 } });
    const client = await startClient(t, port);
    const idler = client.session.request({ ':path': '/much' });
    const reset = new Promise(resolve => idler.once('error', resolve));
    idler.pause();

    await eventually(async () => (await client.ask({ ':path': '/' })).headers[':status'] === 200, {
      within: 5_000,
      hint: 'a place for an honest request',
    });

    idler.resume();
    await reset;
    assert.equal(proxy.figures().shed.slow_clients, 1);
  });

  it('a client that waits for its answer is not slow, however long', async t => {
    const upstream = await startMuch(t);
    const { port, proxy, observed } = await startProxy(t, upstream.port, {
      limits: { connectionsPerInstance: 1 },
    });
    const patient = await rawClient(t, port);
    patient.send('GET /never HTTP/1.1\r\nHost: x.test\r\n\r\n');
    const waits = await rawClient(t, port);
    waits.send('POST /never HTTP/1.1\r\nHost: x.test\r\nContent-Length: 20000\r\n\r\n');
    await eventually(() => observed[0]?.attempts.length === 1, { within: 2_000, hint: 'an attempt' });
    const until = performance.now() + 1_500;

    while (performance.now() < until) assert.match(await rawExchange(t, port, GET), /^HTTP\/1\.1 503 /);

    assert.equal(proxy.figures().shed.slow_clients, 0);
    assert.equal(patient.end(), 'open');
  });
});

describe('where there are as many requests as may be', () => {
  it('a slow client gives way, whatever instance it is at', async t => {
    const upstream = await startMuch(t);
    const { port, proxy } = await startProxy(t, upstream.port, { limits: { requests: 1 } });
    const idler = await rawClient(t, port);
    idler.socket.pause();
    idler.send('GET /much HTTP/1.1\r\nHost: x.test\r\n\r\n');
    await eventually(() => proxy.figures().requests === 1, { within: 2_000, hint: 'its request' });

    await eventually(async () => (await rawExchange(t, port, GET)).startsWith('HTTP/1.1 200 '), {
      within: 5_000,
      hint: 'a place for an honest client',
    });

    assert.equal(proxy.figures().shed.slow_clients, 1);
  });
});

describe('a call of gRPC that is quiet', () => {
  const quiet: UntypedServiceImplementation = {
    // Its first word is the first metadata of the answer.
    chat: (call: ServerDuplexStream<string, string>) => {
      call.on('data', text => call.write(text)).on('end', () => call.end());
    },
  };

  it('before anybody has said a word is not slow, however long: its client owes nothing', async t => {
    const behind = await startGrpcServer(t, quiet);
    const { port, proxy, observed } = await startProxy(t, behind, {
      decide: ({ path }) => spokenTo({ protocol: 'h2c' }, decisionFor(path, behind)),
      limits: { requests: 1 },
    });
    const call = chat(startGrpcClient(t, port));
    await eventually(() => observed[0]?.attempts.length === 1, { within: 2_000, hint: 'its attempt' });
    const until = performance.now() + 1_500;

    while (performance.now() < until) assert.match(await rawExchange(t, port, GET), /^HTTP\/1\.1 503 /);

    assert.equal(proxy.figures().shed.slow_clients, 0);
    call.write('still there?');
    assert.deepEqual(await once(call, 'data'), ['still there?']);
    call.resume().end();
    await once(call, 'end');
  });

  it('is an upload like any other at an instance that speaks no HTTP/2, and gives way', async t => {
    const upstream = await startMuch(t);
    const { port, proxy } = await startProxy(t, upstream.port, { limits: { requests: 1 } });
    const { session } = await startClient(t, port);
    const posed = session.request(
      { ':method': 'POST', ':path': '/never', 'content-type': 'application/grpc' },
      { endStream: false },
    );
    posed.on('error', () => {});
    posed.write('abc');

    await eventually(async () => (await rawExchange(t, port, GET)).startsWith('HTTP/1.1 200 '), {
      within: 5_000,
      hint: 'a place for an honest client',
    });

    assert.equal(proxy.figures().shed.slow_clients, 1);
  });
});

describe('slow clients', () => {
  const named = (name: string, left: string[]): Slow => ({ giveWay: () => left.push(name) });

  it('leave in the order in which they came, each of the instance that is asked for', () => {
    const left: string[] = [];
    const slow = new SlowClients();
    const [a, b, c] = [named('a', left), named('b', left), named('c', left)];
    slow.add(a, 'one');
    slow.add(b, 'two');
    slow.add(c, 'one');
    assert.equal(slow.makeRoom('two'), true);
    assert.equal(slow.makeRoom('two'), false);
    assert.equal(slow.makeRoom(), true);
    assert.equal(slow.makeRoom('one'), true);
    assert.equal(slow.makeRoom(), false);
    assert.deepEqual(left, ['b', 'a', 'c']);
  });

  it('are forgotten once they are not slow any more, or move to another instance', () => {
    const left: string[] = [];
    const slow = new SlowClients();
    const [a, b] = [named('a', left), named('b', left)];
    slow.add(a, 'one');
    slow.add(a, 'one');
    slow.add(b, 'one');
    slow.add(a, 'two');
    slow.delete(b);
    slow.delete(b);
    assert.equal(slow.makeRoom('one'), false);
    assert.equal(slow.makeRoom('two'), true);
    assert.deepEqual(left, ['a']);
  });
});
