import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  Metadata,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { unary } from '../support/grpc-calls.ts';
import { startGrpcClient, startGrpcServer } from '../support/grpc-service.ts';
import { startClient } from './h2/support/client.ts';
import { judged, letsPass, recording } from './support/judged.ts';

describe('a stream of HTTP/2 is judged', () => {
  it('and goes on with its body and with what the judge says of it, which nobody else can say', async t => {
    const judge = await recording(t, letsPass({ 'X-User': 'ann' }));
    const bodies: string[] = [];
    const shop = await recording(t, (req, res) => {
      req.setEncoding('utf8').on('data', text => bodies.push(text));
      req.on('end', () => res.end('hello'));
    });
    const { port } = await judged(t, [judge.port], [shop.port], { auth: { takes: ['x-user', 'x-groups'] } });
    const client = await startClient(t, port);

    const { headers, body } = await client.ask(
      {
        ':method': 'POST',
        ':path': '/orders?q=1',
        ':authority': 'x.test',
        'x-user': 'root',
        'x-groups': 'all',
      },
      'an order',
    );

    assert.deepEqual([headers[':status'], body.toString(), bodies.join('')], [200, 'hello', 'an order']);
    const told = judge.seen[0]?.headers ?? {};
    assert.deepEqual(
      [told['x-forwarded-method'], told['x-forwarded-uri'], told['x-forwarded-host'], told['content-length']],
      ['POST', '/orders?q=1', 'x.test', undefined],
    );
    const { 'x-user': user, 'x-groups': groups } = shop.seen[0]?.headers ?? {};
    assert.deepEqual([user, groups], ['ann', undefined]);
  });

  it('and gets the answer of whoever judges, cookies and challenge included; others of its connection go on', async t => {
    const judge = await recording(t, (req, res) => {
      if (req.headers.cookie === 'sid=1') res.end();
      else
        res
          .writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"', 'Set-Cookie': ['a=1', 'b=2'] })
          .end('who are you?');
    });
    const { port } = await judged(t, [judge.port], [(await recording(t)).port]);
    const client = await startClient(t, port);

    const [stranger, known] = await Promise.all([
      client.ask({ ':path': '/' }),
      client.ask({ ':path': '/', cookie: 'sid=1' }),
    ]);

    assert.deepEqual([stranger.headers[':status'], stranger.body.toString()], [401, 'who are you?']);
    assert.equal(stranger.headers['www-authenticate'], 'Basic realm="x"');
    assert.deepEqual(stranger.headers['set-cookie'], ['a=1', 'b=2']);
    assert.deepEqual([known.headers[':status'], known.body.toString()], [200, 'hello']);
  });
});

describe('a call of gRPC', () => {
  const echo: UntypedServiceImplementation = {
    unary: (call: ServerUnaryCall<string, string>, answer: sendUnaryData<string>) =>
      answer(null, `${call.metadata.get('x-user')} said ${call.request}`),
  };

  const stage = async (t: TestContext, judge: number | undefined) => {
    const behind = await startGrpcServer(t, echo);
    const auth = { takes: ['x-user'] };
    const { port } = await judged(t, judge === undefined ? [] : [judge], [behind], { auth, proto: 'h2c' });
    return startGrpcClient(t, port);
  };

  it('that passes goes on with its messages, and with what the judge says in place of the client', async t => {
    const judge = await recording(t, letsPass({ 'X-User': 'ann' }));
    const metadata = new Metadata();
    metadata.set('x-user', 'root');

    const { text } = await unary(await stage(t, judge.port), 'hello', { metadata });

    assert.equal(text, 'ann said hello');
    const told = judge.seen[0]?.headers ?? {};
    assert.deepEqual(
      [told['x-forwarded-uri'], told['content-type'], told.te],
      ['/test.Echo/Unary', undefined, undefined],
    );
  });

  const denials: [httpStatus: number, code: status][] = [
    [401, status.UNAUTHENTICATED],
    [403, status.PERMISSION_DENIED],
    [429, status.UNAVAILABLE],
    [302, status.UNKNOWN],
  ];
  for (const [httpStatus, code] of denials) {
    it(`that is denied with ${httpStatus} has the status ${status[code]}, and none of the page`, async t => {
      const judge = await recording(t, (_, res) =>
        res.writeHead(httpStatus, { 'Content-Type': 'text/html', 'X-Why': 'no' }).end('<h1>no</h1>'),
      );

      const { error, text } = await unary(await stage(t, judge.port), 'hello');

      assert.deepEqual([error?.code, text], [code, undefined]);
      assert.deepEqual(error?.metadata.get('x-why'), ['no']);
    });
  }

  it('that nobody can judge is UNAVAILABLE', async t => {
    const { error } = await unary(await stage(t, undefined), 'hello');
    assert.equal(error?.code, status.UNAVAILABLE);
    assert.match(error?.details ?? '', /auth_unavailable/);
  });
});
