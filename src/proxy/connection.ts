import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

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

/** The open connections of one server. */
export class Connections implements Iterable<Connection> {
  readonly #all = new Map<Duplex, Connection>();
  #onEmpty = (): void => {};

  /** Follows a connection to its end; one that is known already stays what it is. */
  add(socket: Socket): void {
    if (this.#all.has(socket)) return;
    const connection = new Connection(socket);
    this.#all.set(socket, connection);
    socket.once('close', () => {
      this.#all.delete(socket);
      for (const each of [...connection.running]) each.clientLeft();
      if (this.#all.size === 0) this.#onEmpty();
    });
  }

  /** @returns undefined where it is over already */
  of(socket: Duplex): Connection | undefined {
    return this.#all.get(socket);
  }

  get size(): number {
    return this.#all.size;
  }

  /** Calls once there is none, at once where that is so. */
  whenEmpty(callback: () => void): void {
    this.#onEmpty = callback;
    if (this.size === 0) callback();
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#all.values();
  }
}
