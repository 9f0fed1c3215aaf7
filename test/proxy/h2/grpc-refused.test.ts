import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { describe, it, type TestContext } from 'node:test';
import { type Client, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { unary } from '../../support/grpc-calls.ts';
import { startGrpcClient, startGrpcServer } from '../../support/grpc-service.ts';
import { DATA, frame, GOAWAY, HEADERS, number32, ok, reset, startFrames } from '../support/h2-frames.ts';
import { decisionFor, type ProxyUnderTest, spokenTo, startProxy } from '../support/proxy.ts';
import { deadPort } from '../support/raw.ts';

const service = {
  unary: ({ request }: ServerUnaryCall<string, string>, answer: sendUnaryData<string>) =>
    answer(null, `you said ${request}`),
  upload: () => {},
  download: () => {},
  chat: () => {},
};

/** Not compressed, with its length (grpc/grpc, doc/PROTOCOL-HTTP2.md). */
const message = (stream: number, text: string): Buffer =>
  frame(DATA, stream, Buffer.concat([Buffer.of(0), number32(text.length), Buffer.from(text)]));

/** `grpc-status: 0`, as HPACK has it, with END_STREAM and END_HEADERS. */
const trailers = (stream: number): Buffer => frame(HEADERS, stream, Buffer.from('\0\x0bgrpc-status\x010'), 5);

describe('a call that an instance did not take', () => {
  /** A proxy that asks whoever misbehaves first, and the service behind. */
  const besides = async (
    t: TestContext,
    misbehave: Parameters<typeof startFrames>[1],
  ): Promise<ProxyUnderTest & { readonly client: Client }> => {
    const ports = [await startFrames(t, misbehave), await startGrpcServer(t, service)];
    const proxy = await startProxy(t, ports, {
      decide: ({ path }) => spokenTo({ protocol: 'h2c' }, decisionFor(path, ...ports)),
    });
    return { ...proxy, client: startGrpcClient(t, proxy.port) };
  };

  it('refused (REFUSED_STREAM), it goes to another, with its message', async t => {
    const { client, ended } = await besides(t, (socket, stream) =>
      socket.write(reset(stream, constants.NGHTTP2_REFUSED_STREAM)),
    );

    const { text } = await unary(client, 'hello');

    assert.equal(text, 'you said hello');
    assert.equal((await ended()).attempts.length, 2);
  });

  it('lost between a sidecar and its program, it goes to another instance', async t => {
    const dead = await deadPort();
    const sidecar = await startProxy(t, dead, {
      via: 'sidecar-under-test',
      tellsFailures: true,
      decide: ({ path }) => spokenTo({ protocol: 'h2c' }, decisionFor(path, dead)),
    });
    const ports = [sidecar.port, await startGrpcServer(t, service)];
    const { port, ended } = await startProxy(t, ports, {
      decide: ({ path }) => spokenTo({ protocol: 'h2c' }, decisionFor(path, ...ports)),
    });

    const { text } = await unary(startGrpcClient(t, port), 'hello');

    assert.equal(text, 'you said hello');
    assert.deepEqual(
      (await ended()).attempts.map(({ end }) => end?.error),
      ['connect_failed', undefined],
    );
  });

  it('begun, it is never repeated', async t => {
    const { client, ended } = await besides(t, (socket, stream) =>
      socket.write(reset(stream, constants.NGHTTP2_INTERNAL_ERROR)),
    );

    const { error } = await unary(client, 'hello');

    assert.equal(error?.code, status.UNAVAILABLE);
    assert.equal((await ended()).attempts.length, 1);
  });

  it('not begun when it said goodbye (GOAWAY), it goes over a new connection', async t => {
    const goodbye = frame(GOAWAY, 0, Buffer.concat([number32(0), number32(constants.NGHTTP2_NO_ERROR)]));
    let asked = 0;
    const behind = await startFrames(t, (socket, stream) => {
      asked += 1;
      if (asked === 1) socket.end(goodbye);
      else socket.write(Buffer.concat([ok(stream), message(stream, 'hello'), trailers(stream)]));
    });
    const { port, ended } = await startProxy(t, behind, {
      decide: ({ path }) => spokenTo({ protocol: 'h2c' }, decisionFor(path, behind)),
    });

    const { text } = await unary(startGrpcClient(t, port), 'hello');

    assert.equal(text, 'hello');
    assert.equal(asked, 2);
    assert.equal((await ended()).attempts.length, 1);
  });
});
