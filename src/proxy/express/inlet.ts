import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * What the connections of clients read into: Node calls back before it reads the next, so nobody's bytes are there for
 * longer than a call, and no read costs a buffer of its own.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** Node's own side of a socket, as far as it is used here. */
interface Handle {
  readonly useUserBuffer?: unknown;
}

/**
 * A client's connection, read without a buffer for each read. Node has that way of reading (`onread`) for sockets that
 * connect and not for those that a server accepts, so another socket takes the accepted one's handle. Where a Node
 * has no such handles, and over TLS, where bytes have to be deciphered first, it is read like the others.
 */
export class Inlet {
  readonly socket: Socket;
  readonly #emits: boolean;
  #onBytes: ((bytes: Buffer) => void) | undefined;

  /**
   * @param accepted just now; `socket` takes its place
   * @param wasRead whether bytes that were read may wait in it: then it is read on like the others
   */
  constructor(accepted: Socket, wasRead = false) {
    const socket = wasRead ? undefined : withHandleOf(accepted, this.#onRead);
    this.socket = socket ?? accepted;
    this.#emits = socket === undefined;
  }

  /**
   * To be called before the next turn of the event loop.
   *
   * @param onBytes gets what is read, good during the call only
   */
  open(onBytes: (bytes: Buffer) => void): void {
    this.#onBytes = onBytes;
    if (this.#emits) this.socket.on('data', onBytes);
  }

  /** From now on the socket emits what it reads, like any other. */
  leave(): void {
    if (this.#emits && this.#onBytes !== undefined) this.socket.off('data', this.#onBytes);
    this.#onBytes = undefined;
  }

  /** @returns whether to read on */
  readonly #onRead = (count: number): boolean => {
    const bytes = READ_BUFFER.subarray(0, count);
    if (this.#onBytes === undefined) return this.socket.push(Buffer.from(bytes));
    this.#onBytes(bytes);
    return !this.socket.isPaused();
  };
}

const withHandleOf = (accepted: Socket, onRead: (count: number) => boolean): Socket | undefined => {
  const holder = accepted as unknown as { _handle: Handle | null };
  const handle = holder._handle;
  if (accepted instanceof TLSSocket || typeof handle?.useUserBuffer !== 'function') return undefined;
  const options = {
    handle,
    allowHalfOpen: accepted.allowHalfOpen,
    onread: { buffer: READ_BUFFER, callback: onRead },
  };
  const socket = new Socket(options as ConstructorParameters<typeof Socket>[0]);
  holder._handle = null;
  // Its server counts the accepted one.
  socket.once('close', () => accepted.destroy());
  return socket;
};
