import type { OpenLane } from './lane.ts';
import type { Streams } from './load.ts';
import { openSessions } from './sessions.ts';

/** Small GETs over HTTP/2 and TLS, one at a time each, many on one connection. */
export const http2Lanes = (port: number, { connections, answerBytes }: Streams): OpenLane => {
  const sessions = openSessions(`https://127.0.0.1:${port}`, connections);
  return async i => {
    const session = await sessions.of(i);
    return {
      send: done => {
        if (session.destroyed) {
          setImmediate(done, false);
          return;
        }
        const stream = session.request({ ':path': '/' });
        let status: number | undefined;
        let bytes = 0;
        stream.on('response', head => {
          status = head[':status'];
        });
        stream.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        stream.on('error', () => {});
        stream.on('close', () => done(status === 200 && bytes === answerBytes && stream.rstCode === 0));
      },
      get isOpen() {
        return !session.destroyed;
      },
      close: () => session.destroy(),
    };
  };
};
