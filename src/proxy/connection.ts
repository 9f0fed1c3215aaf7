import type { Socket } from 'node:net';

/** Something that runs on a client's connection and must know when that is gone. Called once. */
export interface OnConnection {
  clientLeft(): void;
  /** The client sent bytes that are no HTTP. @returns whether the exchange answers them */
  garbled?(): boolean;
}

/** One connection of a client. */
export class Connection {
  readonly socket: Socket;
  /** IP literal; IPv4 is never mapped into IPv6. Empty where the client was gone before it was looked at. */
  readonly clientAddress: string;
  /** Normally none or one; more when the client pipelines. */
  readonly running = new Set<OnConnection>();

  constructor(socket: Socket) {
    this.socket = socket;
    const address = socket.remoteAddress ?? '';
    this.clientAddress = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
  }
}
