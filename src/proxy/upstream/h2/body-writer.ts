import type { ClientHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import type { BodyTurn } from '../request-writer.ts';

/** Passes a body on as it comes; what the instance's windows have no room for stays with the client. */
export class StreamBodyWriter {
  readonly #stream: ClientHttp2Stream;
  readonly #body: Readable;
  readonly #turn: (to: BodyTurn) => void;

  constructor(stream: ClientHttp2Stream, body: Readable, turn: (to: BodyTurn) => void) {
    this.#stream = stream;
    this.#body = body;
    this.#turn = turn;
    body.on('data', this.#onData).on('end', this.#onEnd);
    stream.on('drain', this.#onDrain);
  }

  stop(): void {
    this.#body.off('data', this.#onData).off('end', this.#onEnd);
    this.#stream.off('drain', this.#onDrain);
  }

  readonly #onData = (piece: Buffer): void => {
    if (this.#stream.write(piece)) return;
    this.#body.pause();
    this.#turn('instance');
  };

  readonly #onEnd = (): void => {
    this.stop();
    this.#stream.end();
    this.#turn('nobody');
  };

  readonly #onDrain = (): void => {
    this.#turn('client');
    this.#body.resume();
  };
}
