import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';
import type { TestContext } from 'node:test';

export interface Answered {
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders | undefined;
  /** Interim responses, by their status. */
  readonly interim: readonly number[];
}

export interface Http2Client {
  readonly session: ClientHttp2Session;
  /** @throws where the stream is reset */
  ask(headers: OutgoingHttpHeaders, body?: Buffer | string): Promise<Answered>;
}

/** A real HTTP/2 client on one connection, in the clear unless there are TLS options; closed with the test. */
export const startClient = async (
  t: TestContext,
  port: number,
  tls?: SecureClientSessionOptions,
): Promise<Http2Client> => {
  const session = connect(`${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, tls);
  session.on('error', () => {});
  t.after(() => session.destroy());
  await once(session, 'connect');
  return {
    session,
    ask: async (headers, body) => {
      const stream = session.request(headers, { endStream: body === undefined });
      const interim: number[] = [];
      let head: Answered['headers'] = {};
      let trailers: IncomingHttpHeaders | undefined;
      stream.on('headers', each => interim.push(each[':status'] ?? 0));
      stream.on('response', each => {
        head = each;
      });
      stream.on('trailers', each => {
        trailers = each;
      });
      if (body !== undefined) stream.end(body);
      const pieces: Buffer[] = [];
      for await (const piece of stream) pieces.push(piece as Buffer);
      return { headers: head, body: Buffer.concat(pieces), trailers, interim };
    },
  };
};
