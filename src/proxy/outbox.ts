import type { Socket } from 'node:net';

/** One short message on its way out. */
interface Letter {
  readonly socket: Socket;
  /** In latin1. */
  readonly text: string;
  readonly onTaken: (() => void) | undefined;
}

/**
 * What is written in one turn of the event loop leaves together at its end. A write to a process that sleeps wakes it,
 * which costs the writer more than the rest of the write; after the first of many it is awake.
 */
export class Outbox {
  readonly #letters: Letter[] = [];

  /**
   * Nothing else may be written to the socket in the same turn.
   *
   * @param onTaken called once the operating system has all of it; never where the socket takes no more
   */
  send(socket: Socket, text: string, onTaken?: () => void): void {
    if (this.#letters.length === 0) setImmediate(this.#deliver);
    this.#letters.push({ socket, text, onTaken });
  }

  readonly #deliver = (): void => {
    // Whoever is told may send on.
    for (let i = 0; i < this.#letters.length; i += 1) deliver(this.#letters[i] as Letter);
    this.#letters.length = 0;
  };
}

const deliver = ({ socket, text, onTaken }: Letter): void => {
  // Its end is on its way to those who wait for it.
  if (!socket.writable) return;
  socket.write(text, 'latin1');
  if (onTaken === undefined) return;
  // Mostly all of it is taken at once.
  if (socket.writableLength === 0) onTaken();
  else {
    socket.write('', error => {
      // Told of a connection that broke before, too.
      if (error === undefined || error === null) onTaken();
    });
  }
};
