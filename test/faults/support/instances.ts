import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { deadPort, fullBacklog, rawUpstream } from '../../proxy/support/raw.ts';
import { eventually } from '../../support/wait.ts';

/** An instance with a fault, or without one. */
export interface Instance {
  readonly port: number;
  /** Requests whose head it has seen. */
  requests(): number;
  /** Connections that have carried a request and are open. */
  inUse(): number;
  /** Waits until it has seen the head of a request. */
  asked(): Promise<void>;
  /** Does what is still to come once the caller has the beginning of the answer. */
  goOn(): void;
}

export type Open = (t: TestContext) => Promise<Instance>;

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole';

/** One that nobody reaches. */
const unreached = (port: number): Instance => ({
  port,
  requests: () => 0,
  inUse: () => 0,
  asked: () => Promise.reject(new Error('nobody reaches it')),
  goOn: () => {},
});

export const refused: Open = async () => unreached(await deadPort());

export const full: Open = async t => unreached(await fullBacklog(t));

/**
 * @param onRequest what it does with a request's head
 * @param onward what it does once the caller has the beginning of the answer
 */
export const scripted =
  (onRequest: (socket: Socket) => void, onward: (socket: Socket) => void = () => {}): Open =>
  async t => {
    let requests = 0;
    const upstream = await rawUpstream(t, socket => {
      requests += 1;
      onRequest(socket);
    });
    return {
      port: upstream.port,
      requests: () => requests,
      inUse: () => upstream.connections.filter(({ socket, text }) => text !== '' && !socket.destroyed).length,
      asked: async () => {
        await eventually(() => requests > 0, { within: 2_000, hint: 'a request' });
      },
      goOn: () => {
        const last = upstream.connections.at(-1)?.socket;
        if (last !== undefined) onward(last);
      },
    };
  };

export const writes = (text: string): ((socket: Socket) => void) => {
  return socket => void socket.write(text, 'latin1');
};

export const healthy: Open = scripted(writes(OK));

/** Writes one piece after the other, with so many milliseconds between them, until there are none or the socket is closed. */
export const drips = (pieces: Iterable<string>, every: number): ((socket: Socket) => void) => {
  return socket => {
    const left = pieces[Symbol.iterator]();
    const timer = setInterval(() => {
      const next = left.next();
      if (next.done === true) clearInterval(timer);
      else socket.write(next.value);
    }, every);
    socket.once('close', () => clearInterval(timer));
  };
};
