import { createServer, type Server, type Socket } from 'node:net';
import type { HostPort } from '../core/values.ts';
import { listen } from '../proxy/listen.ts';
import type { Scheme } from '../proxy/server.ts';
import type { Log } from '../telemetry/log.ts';

/** A connection that nobody has read from. */
export interface Arrival {
  readonly socket: Socket;
  readonly scheme: Scheme;
}

/** Whoever takes connections. */
export interface Taker {
  readonly connections: number;
  take(arrival: Arrival): void;
}

/**
 * The traffic ports of a gateway with workers: they stay bound however many of them come and go. Each connection goes to
 * the worker that has the fewest; where there is none, it waits for one.
 */
export interface Front {
  /** @throws ListenError */
  listen(at: HostPort, scheme: Scheme): Promise<HostPort>;
  handOut(arrival: Arrival): void;
  /** To be called when a worker has come. */
  handOutWaiting(): void;
  /** Takes no more; those that wait are closed. */
  close(): void;
}

/** @param mostWaiting connections that may wait for a worker; more are closed as they come */
export const createFront = (takers: () => readonly Taker[], mostWaiting: number, log: Log): Front => {
  let waiting: Arrival[] = [];
  let closed = false;

  const handOut = (arrival: Arrival): void => {
    const [first, ...others] = takers();
    if (first === undefined && closed) arrival.socket.destroy();
    else if (first === undefined) waiting.push(arrival);
    else
      others.reduce((least, one) => (one.connections < least.connections ? one : least), first).take(arrival);
  };

  // Nothing is read here: the bytes are the worker's.
  const doorOf = (scheme: Scheme): Server => {
    const server = createServer({ pauseOnConnect: true, noDelay: true }, socket =>
      handOut({ socket, scheme }),
    );
    server.maxConnections = mostWaiting;
    return server;
  };
  const doors = { http: doorOf('http'), https: doorOf('https') };

  return {
    listen: (at, scheme) => listen(doors[scheme], at, log),
    handOut,
    handOutWaiting: () => {
      const all = waiting;
      waiting = [];
      for (const arrival of all) handOut(arrival);
    },
    close: () => {
      closed = true;
      for (const door of Object.values(doors)) if (door.listening) door.close();
      for (const { socket } of waiting) socket.destroy();
      waiting = [];
    },
  };
};
