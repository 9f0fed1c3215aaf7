import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import type { TestContext } from 'node:test';
import { listenOn, portOf } from './raw.ts';

export interface H2Upstream {
  readonly port: number;
  readonly server: Http2Server;
  /** Those that are open. */
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** Heads of all requests so far. */
  readonly requests: readonly IncomingHttpHeaders[];
}

/** A real server of HTTP/2 by prior knowledge, closed with the test. */
export const startH2 = async (
  t: TestContext,
  handle: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  options: ServerOptions = {},
): Promise<H2Upstream> => {
  const server = createServer(options);
  const sessions = new Set<ServerHttp2Session>();
  const requests: IncomingHttpHeaders[] = [];
  server.on('session', session => {
    sessions.add(session);
    session.on('error', () => {}).once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    requests.push(headers);
    stream.on('error', () => {});
    handle(stream, headers);
  });
  await listenOn(server);
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { port: portOf(server), server, sessions, requests };
};
