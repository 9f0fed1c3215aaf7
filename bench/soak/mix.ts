import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { type Agent, request } from 'undici';
import { openWebSocketLane } from '../load/websocket-lane.ts';
import { BODY_BYTES } from '../upstream.ts';

/** One way to use a gateway. Resolves with whether all was as it should be. */
export interface Use {
  readonly perSecond: number;
  once(port: number, agent: Agent): Promise<boolean>;
}

const PART = Buffer.alloc(16_384, 'x');

const url = (port: number, path: string): string => `http://127.0.0.1:${port}${path}`;

const answers = async (
  sent: ReturnType<typeof request>,
  status: number,
  bytes?: number,
): Promise<boolean> => {
  const { statusCode, body } = await sent;
  const { byteLength } = await body.arrayBuffer();
  return statusCode === status && (bytes === undefined || byteLength === bytes);
};

/** What callers do beside small GETs, and how often. */
export const USES: Readonly<Record<string, Use>> = {
  post: {
    perSecond: 20,
    once: (port, agent) =>
      answers(request(url(port, '/'), { dispatcher: agent, method: 'POST', body: PART }), 200),
  },
  'chunked post': {
    perSecond: 20,
    once: (port, agent) => {
      const body = Readable.from([PART, PART, PART]);
      return answers(request(url(port, '/'), { dispatcher: agent, method: 'POST', body }), 200);
    },
  },
  'big download': {
    perSecond: 5,
    once: (port, agent) => answers(request(url(port, '/1m'), { dispatcher: agent }), 200, BODY_BYTES['1m']),
  },
  'new connection': {
    perSecond: 20,
    once: (port, agent) =>
      answers(request(url(port, '/'), { dispatcher: agent, reset: true }), 200, BODY_BYTES.small),
  },
  websocket: {
    perSecond: 5,
    once: async port => {
      const lane = await openWebSocketLane(port);
      let good = 0;
      for (let i = 0; i < 10; i += 1) if (await new Promise<boolean>(done => lane.send(done))) good += 1;
      lane.close();
      return good === 10;
    },
  },
  'download given up': {
    perSecond: 10,
    once: async (port, agent) => {
      const { statusCode, body } = await request(url(port, '/1m'), { dispatcher: agent });
      body.on('error', () => {});
      await once(body, 'readable');
      body.destroy();
      return statusCode === 200;
    },
  },
  'upload given up': {
    perSecond: 10,
    once: async port => {
      const upload = httpRequest(url(port, '/'), {
        method: 'POST',
        agent: false,
        headers: { 'content-length': 1_048_576 },
      });
      upload.on('error', () => {});
      await new Promise(resolve => upload.write(PART, resolve));
      upload.destroy();
      return true;
    },
  },
  'head given up': {
    perSecond: 5,
    once: async port => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      await new Promise(resolve => socket.write('GET / HTTP/1.1\r\nHost: half', resolve));
      socket.destroy();
      return true;
    },
  },
};
