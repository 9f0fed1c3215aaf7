import type { Socket } from 'node:net';
import type { Timeouts } from '../core/settings/limits.ts';

/**
 * Sees to the ends of two connections that pipes join. Either side may end first (TCP's half-close): what the other has
 * still to say goes on. Once one has ended, or is gone, both are closed when nothing could be passed on for `linger`
 * milliseconds, or for `clientStall` while something waits to be taken: a kernel asks for more only when much of what it
 * holds is gone, so that a slow reader looks like one that does not read. Each within one `linger` more.
 */
export class Tunnel {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #timeouts: Pick<Timeouts, 'linger' | 'clientStall'>;
  #watch: NodeJS.Timeout | undefined;
  #passedOn = 0;
  /** When something was passed on, as far as is known. */
  #movedAt = 0;

  /** @param client whose end was not seen yet, like that of `upstream` */
  constructor(client: Socket, upstream: Socket, timeouts: Pick<Timeouts, 'linger' | 'clientStall'>) {
    this.#client = client;
    this.#upstream = upstream;
    this.#timeouts = timeouts;
    for (const socket of [client, upstream]) {
      socket.allowHalfOpen = true;
      socket.once('end', this.#beginToWatch).once('close', this.#oneClosed);
    }
    upstream.once('close', () => discard(client));
  }

  /** The client's connection is over: what it has said before an orderly end is still passed on, and nothing else. */
  clientLeft(): void {
    if (this.#client.readableEnded) discard(this.#upstream);
    else this.#upstream.destroy();
  }

  readonly #beginToWatch = (): void => {
    if (this.#watch !== undefined) return;
    this.#passedOn = this.#count();
    this.#movedAt = performance.now();
    this.#watch = setInterval(this.#lookForMovement, this.#timeouts.linger).unref();
  };

  readonly #oneClosed = (): void => {
    if (!this.#client.destroyed || !this.#upstream.destroyed) this.#beginToWatch();
    else clearInterval(this.#watch);
  };

  readonly #lookForMovement = (): void => {
    const now = performance.now();
    const before = this.#passedOn;
    this.#passedOn = this.#count();
    if (this.#passedOn > before) this.#movedAt = now;
    const { linger, clientStall } = this.#timeouts;
    const isTaken = this.#client.writableLength + this.#upstream.writableLength === 0;
    const limit = isTaken ? linger : clientStall || Number.POSITIVE_INFINITY;
    if (now - this.#movedAt < limit) return;
    this.#client.destroy();
    this.#upstream.destroy();
  };

  /** What was only read does not count: whoever sends to somebody who is gone could do so for ever. */
  #count(): number {
    return taken(this.#client) + taken(this.#upstream);
  }
}

const taken = ({ bytesWritten, writableLength }: Socket): number => bytesWritten - writableLength;

/**
 * Ends a connection whose other side has gone, behind what waits for it. What still comes is read: unread, it would
 * reset the connection, and the last that was sent be lost (RFC 9112, 9.6).
 */
const discard = (socket: Socket): void => {
  socket.end();
  // The pipe would pause it as it goes.
  socket.unpipe();
  socket.resume();
};
