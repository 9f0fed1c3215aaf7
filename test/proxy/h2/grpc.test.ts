import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import {
  type Client,
  Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { chat, download, unary, upload } from '../../support/grpc-calls.ts';
import { startGrpcClient, startGrpcServer } from '../../support/grpc-service.ts';
import { eventually } from '../../support/wait.ts';
import { decisionFor, type ProxyUnderTest, spokenTo, startHttp, startProxy } from '../support/proxy.ts';
import { deadPort } from '../support/raw.ts';
import { startClient } from './support/client.ts';

/** What the service does at its end of a call that the caller gives up. */
const cancelled: string[] = [];

const echo: UntypedServiceImplementation = {
  unary: (call: ServerUnaryCall<string, string>, answer: sendUnaryData<string>) => {
    const [wanted] = call.metadata.get('x-status');
    const trailers = new Metadata();
    trailers.set('x-trailer', 'at the end');
    trailers.set('x-bytes-bin', Buffer.from([0, 1, 255]));
    if (call.request === 'hang') call.on('cancelled', () => cancelled.push('unary'));
    else if (wanted === undefined) answer(null, `you said ${call.request}`, trailers);
    else answer({ code: Number(wanted), details: 'wanted: 100 %', metadata: trailers });
  },
  upload: (call: ServerReadableStream<string, string>, answer: sendUnaryData<string>) => {
    const said: string[] = [];
    call.on('data', text => said.push(text)).on('end', () => answer(null, said.join('')));
  },
  download: (call: ServerWritableStream<string, string>) => {
    call.on('cancelled', () => cancelled.push('download'));
    for (let i = 0; i < 3; i += 1) call.write(`${call.request} ${i}`);
    if (call.request !== 'hang') call.end();
  },
  chat: (call: ServerDuplexStream<string, string>) => {
    call.on('data', text => {
      if (text === 'enough') call.emit('error', { code: status.ABORTED, details: 'I give up' });
      else call.write(text.toUpperCase());
    });
    call.on('end', () => call.end());
  },
};

interface Stage extends ProxyUnderTest {
  readonly client: Client;
}

/** A client, the proxy, and a service that is spoken to over h2c. */
const stage = async (t: TestContext, options: Parameters<typeof startProxy>[2] = {}): Promise<Stage> => {
  const behind = await startGrpcServer(t, echo);
  const proxy = await startProxy(t, behind, {
    decide: ({ path }) => spokenTo({ protocol: 'h2c' }, decisionFor(path, behind)),
    ...options,
  });
  return { ...proxy, client: startGrpcClient(t, proxy.port) };
};

describe('gRPC through the proxy', () => {
  it('a unary call, with metadata at its end', async t => {
    const { client, ended } = await stage(t);

    const { error, text, trailers } = await unary(client, 'hello');

    assert.equal(error, null);
    assert.equal(text, 'you said hello');
    assert.deepEqual(trailers.get('x-trailer'), ['at the end']);
    assert.deepEqual(trailers.get('x-bytes-bin'), [Buffer.from([0, 1, 255])]);
    const { end, attempts } = await ended();
    assert.equal(end.grpcStatus, status.OK);
    assert.equal(attempts[0]?.end?.grpcStatus, status.OK);
  });

  for (const code of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]) {
    it(`${status[code]} comes through with its details`, async t => {
      const { client, ended } = await stage(t);
      const metadata = new Metadata();
      metadata.set('x-status', `${code}`);

      const { error, trailers } = await unary(client, 'x', { metadata });

      assert.equal(error?.code, code);
      assert.equal(error?.details, 'wanted: 100 %');
      assert.deepEqual(trailers.get('x-trailer'), ['at the end']);
      assert.equal((await ended()).attempts[0]?.end?.grpcStatus, code);
    });
  }

  it('a stream of the client', async t => {
    const { client } = await stage(t);
    const text = await upload(client, ['a', 'b', 'x'.repeat(200_000)]);

    assert.equal(text, `ab${'x'.repeat(200_000)}`);
  });

  it('a stream of the server', async t => {
    const { client } = await stage(t);

    const said: string[] = [];
    for await (const text of download(client, 'piece')) said.push(text);

    assert.deepEqual(said, ['piece 0', 'piece 1', 'piece 2']);
  });

  it('both at once, each message on its way before the next is sent', async t => {
    const { client } = await stage(t);
    const call = chat(client);

    for (const text of ['one', 'two', 'three']) {
      call.write(text);
      const [answer] = await once(call, 'data');
      assert.equal(answer, text.toUpperCase());
    }
    call.end();
    const [{ code }] = await once(call.resume(), 'status');

    assert.equal(code, status.OK);
  });

  it('1,000 calls at once, each of them open until all are answered', async t => {
    const { port } = await stage(t, { limits: { streamsPerConnection: 100 } });
    const clients = Array.from({ length: 10 }, () => startGrpcClient(t, port));
    const calls = clients.flatMap(client => Array.from({ length: 100 }, () => chat(client)));

    const answers = calls.map(call => once(call, 'data'));
    for (const [i, call] of calls.entries()) call.write(`n${i}`);
    const texts = (await Promise.all(answers)).map(([text]) => text);
    const ends = calls.map(call => once(call, 'status'));
    for (const call of calls) call.resume().end();
    const codes = (await Promise.all(ends)).map(([{ code }]) => code);

    assert.deepEqual(
      texts,
      calls.map((_, i) => `N${i}`),
    );
    assert.ok(codes.every(code => code === status.OK));
  });

  it('1,000 calls at once over one connection wait for each other', async t => {
    const { client } = await stage(t);

    const told = await Promise.all(Array.from({ length: 1_000 }, (_, i) => unary(client, `${i}`)));

    assert.deepEqual(
      told.map(({ text }) => text),
      told.map((_, i) => `you said ${i}`),
    );
  });

  it('the caller gives up: so does the service', async t => {
    const { client, ended } = await stage(t);
    const call = download(client, 'hang');
    await once(call, 'data');
    const before = cancelled.length;

    call.on('error', () => {}).cancel();

    await eventually(() => cancelled.length > before, { within: 5_000, hint: 'the service hears of it' });
    assert.equal((await ended()).attempts[0]?.end?.clientLeft, true);
  });

  it('the service gives up while the caller still sends: its status comes through', async t => {
    const { client } = await stage(t);
    const call = chat(client);
    call.write('one');
    await once(call, 'data');

    call.write('enough');
    const [error] = await once(call, 'error');

    assert.equal(error.code, status.ABORTED);
    assert.equal(error.details, 'I give up');
  });

  it("the caller's deadline passes: both sides hear of it", async t => {
    const { client } = await stage(t);
    const before = cancelled.length;

    const { error } = await unary(client, 'hang', { deadline: Date.now() + 200 });

    assert.equal(error?.code, status.DEADLINE_EXCEEDED);
    await eventually(() => cancelled.length > before, { within: 5_000, hint: 'the service hears of it' });
  });
});

describe('answers of our own to calls of gRPC', () => {
  const call = { ':method': 'POST', ':path': '/test.Echo/Unary', 'content-type': 'application/grpc+proto' };

  it('are a status without a body, in a head that ends the stream', async t => {
    const { port, ended } = await startProxy(t, 1, { decide: () => ({ code: 'no_route' }) });
    const client = await startClient(t, port);
    const stream = client.session.request(call, { endStream: true });

    const [headers, flags] = await once(stream, 'response');

    assert.equal(headers[':status'], 200);
    assert.equal(headers['content-type'], 'application/grpc+proto');
    assert.equal(headers['grpc-status'], `${status.UNIMPLEMENTED}`);
    assert.equal(headers['grpc-message'], 'No route matches this host and path. (no_route)');
    assert.equal(headers['content-length'], undefined);
    assert.equal(flags & 1, 1, 'END_STREAM');
    const { end } = await ended();
    assert.deepEqual([end.status, end.error, end.grpcStatus], [404, 'no_route', status.UNIMPLEMENTED]);
  });

  it('nobody is there: UNAVAILABLE', async t => {
    const dead = await deadPort();
    const { port } = await startProxy(t, dead);

    const { error } = await unary(startGrpcClient(t, port), 'x');

    assert.equal(error?.code, status.UNAVAILABLE);
  });

  it('grpc-timeout bounds the call, where nobody behind keeps it', async t => {
    const { port: silent } = await startHttp(t, () => {});
    const { port, ended } = await startProxy(t, silent);
    const client = await startClient(t, port);

    const { headers } = await client.ask({ ...call, 'grpc-timeout': '150m' }, 'x');

    assert.equal(headers['grpc-status'], `${status.DEADLINE_EXCEEDED}`);
    const { end, attempts } = await ended();
    assert.equal(end.error, 'upstream_timeout');
    assert.equal(attempts[0]?.end?.clientLeft, true, 'the instance is not charged with it');
  });

  it('gRPC-Web is told in the words of HTTP', async t => {
    const { port } = await startProxy(t, 1, { decide: () => ({ code: 'no_route' }) });
    const client = await startClient(t, port);

    const { headers } = await client.ask({ ...call, 'content-type': 'application/grpc-web+proto' }, '');

    assert.equal(headers[':status'], 404);
  });
});

describe('an instance that fails in terms of gRPC', () => {
  it('is ejected after failures in a row, though each of its answers is a 200', async t => {
    const bad = await startGrpcServer(t, {
      ...echo,
      unary: (_: unknown, answer: sendUnaryData<string>) => answer({ code: status.UNAVAILABLE }),
    });
    const order = [await startGrpcServer(t, echo), bad];
    const { port, fleet } = await startProxy(t, bad, {
      decide: ({ path }) => spokenTo({ protocol: 'h2c' }, decisionFor(path, ...order)),
    });
    const client = startGrpcClient(t, port);
    // Nobody is ejected who is alone.
    await unary(client, 'x');
    order.reverse();

    for (let i = 0; i < 5; i += 1) await unary(client, 'x');

    assert.deepEqual(
      [...fleet.ejected()].map(([id]) => id),
      [`node/svc@127.0.0.1:${bad}`],
    );
  });

  it('is not blamed for what the caller asked wrongly', async t => {
    const { client, fleet } = await stage(t);
    const metadata = new Metadata();
    metadata.set('x-status', `${status.INVALID_ARGUMENT}`);

    for (let i = 0; i < 10; i += 1) await unary(client, 'x', { metadata });

    assert.deepEqual([...fleet.ejected()], []);
  });
});

it('an HTTP/1.1 upstream that answers a call with a page is told apart by its status', async t => {
  const { port: behind } = await startHttp(t, (_, res) =>
    res.writeHead(404, { 'Content-Type': 'text/html' }).end('no'),
  );
  const { port } = await startProxy(t, behind);

  const { error } = await unary(startGrpcClient(t, port), 'x');

  assert.equal(error?.code, status.UNIMPLEMENTED);
});
