import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Lane, OpenLane } from './lane.ts';
import type { Calls } from './load.ts';
import { openSessions } from './sessions.ts';

const PAYLOAD = 64;

/** One uncompressed message, with the five bytes that gRPC puts before each (gRPC over HTTP/2, Length-Prefixed-Message). */
export const MESSAGE = Buffer.concat([Buffer.from([0, 0, 0, 0, PAYLOAD]), Buffer.alloc(PAYLOAD, 'x')]);

export const UNARY_PATH = '/bench.Echo/Unary';
const STREAM_PATH = '/bench.Echo/Stream';

/** gRPC messages that come back: each by a call of its own, or all of a lane in one call. */
export const grpcLanes = (port: number, { connections, streaming }: Calls): OpenLane => {
  const sessions = openSessions(`http://127.0.0.1:${port}`, connections);
  return async i => {
    const session = await sessions.of(i);
    return streaming ? streamLane(session) : unaryLane(session);
  };
};

const call = (session: ClientHttp2Session, path: string): ClientHttp2Stream =>
  session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });

const unaryLane = (session: ClientHttp2Session): Lane => ({
  send: done => {
    if (session.destroyed) {
      setImmediate(done, false);
      return;
    }
    const stream = call(session, UNARY_PATH);
    let bytes = 0;
    let status: unknown;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('trailers', fields => {
      status = fields['grpc-status'];
    });
    stream.on('error', () => {});
    stream.on('close', () => done(bytes === MESSAGE.length && status === '0'));
    stream.end(MESSAGE);
  },
  get isOpen() {
    return !session.destroyed;
  },
  close: () => session.destroy(),
});

const streamLane = (session: ClientHttp2Session): Lane => {
  const stream = call(session, STREAM_PATH);
  let finish: ((good: boolean) => void) | undefined;
  let bytes = 0;
  const end = (good: boolean): void => {
    const done = finish;
    finish = undefined;
    bytes = 0;
    done?.(good);
  };
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes >= MESSAGE.length) end(bytes === MESSAGE.length);
  });
  stream.on('error', () => {});
  stream.on('close', () => end(false));
  return {
    send: done => {
      finish = done;
      if (stream.destroyed) setImmediate(end, false);
      else stream.write(MESSAGE);
    },
    get isOpen() {
      return !stream.destroyed;
    },
    close: () => {
      stream.destroy();
      session.destroy();
    },
  };
};
