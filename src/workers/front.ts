import { createServer, type Socket } from 'node:net';
import type { HostPort } from '../core/values.ts';
import { listen } from '../proxy/listen.ts';
import type { Log } from '../telemetry/log.ts';

/** Whoever takes connections. */
export interface Taker {
  readonly connections: number;
  take(socket: Socket): void;
}

/**
 * The traffic port of a gateway with workers: stays bound however many of them come and go. Each connection goes to
 * the worker that has the fewest; where there is none, it waits for one.
 */
export interface Front {
  /** @throws ListenError */
  listen(at: HostPort): Promise<HostPort>;
  handOut(socket: Socket): void;
  /** To be called when a worker has come. */
  handOutWaiting(): void;
  /** Takes no more; those that wait are closed. */
  close(): void;
}

/** @param mostWaiting connections that may wait for a worker; more are closed as they come */
export const createFront = (takers: () => readonly Taker[], mostWaiting: number, log: Log): Front => {
  let waiting: Socket[] = [];
  let closed = false;

  const handOut = (socket: Socket): void => {
    const [first, ...others] = takers();
    if (first === undefined && closed) socket.destroy();
    else if (first === undefined) waiting.push(socket);
    else
      others.reduce((least, one) => (one.connections < least.connections ? one : least), first).take(socket);
  };

  // Nothing is read here: the bytes are the worker's.
  const server = createServer({ pauseOnConnect: true, noDelay: true }, handOut);
  server.maxConnections = mostWaiting;

  return {
    listen: at => listen(server, at, log),
    handOut,
    handOutWaiting: () => {
      const all = waiting;
      waiting = [];
      for (const socket of all) handOut(socket);
    },
    close: () => {
      closed = true;
      if (server.listening) server.close();
      for (const socket of waiting) socket.destroy();
      waiting = [];
    },
  };
};
