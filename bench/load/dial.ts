import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Requests } from './load.ts';

export interface Dial {
  /** What may be written to at once, be it there or not. */
  open(): Socket;
  /** The event by which it is. */
  readonly opened: 'connect' | 'secureConnect';
}

/** One lane's connections to a peer. Whom it is does not matter to the load: certificates are of the bench's own making. */
export const dialler = (port: number, tls: Requests['tls']): Dial => {
  if (tls === 'no') {
    return { open: () => connect(port, '127.0.0.1').setNoDelay(true), opened: 'connect' };
  }
  // A ticket is good for one connection, which brings another.
  let session: Buffer | undefined;
  const open = (): Socket => {
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      ...(tls === 'resumed' && session !== undefined ? { session } : {}),
    });
    if (tls === 'resumed') {
      socket.on('session', ticket => {
        session = ticket;
      });
    }
    return socket.setNoDelay(true);
  };
  return { open, opened: 'secureConnect' };
};
