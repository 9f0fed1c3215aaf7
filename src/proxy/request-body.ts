import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ErrorCode } from '../core/errors.ts';

export interface BodyOptions {
  readonly maxBytes: number;
  /** Milliseconds without a byte that the upstream waits for; 0 is off. */
  readonly stall: number;
  /** Called once at most, before the body is destroyed. */
  readonly onProblem: (code: ErrorCode) => void;
}

/**
 * The body of a request on its way up: what the upstream has no room for stays with the client. It stands
 * between the two, because undici destroys the stream that it is given, and a request that is destroyed takes
 * the connection along on which its answer is due.
 */
export class RequestBody extends Readable {
  /** A byte was asked for, so this body can be sent once only. */
  touched = false;
  received = 0;
  readonly #req: IncomingMessage;
  readonly #options: BodyOptions;
  #stall: NodeJS.Timeout | undefined;

  constructor(req: IncomingMessage, options: BodyOptions) {
    super({ highWaterMark: 64 * 1024 });
    this.#req = req;
    this.#options = options;
  }

  override _read(): void {
    if (this.touched) this.#req.resume();
    else {
      this.touched = true;
      this.#req.on('data', this.#onData);
      this.#req.on('end', this.#onEnd);
    }
    this.#awaitData();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#detach();
    done(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.received += chunk.length;
    if (this.received > this.#options.maxBytes) {
      this.#fail('body_too_large');
    } else if (this.push(chunk)) {
      this.#stall?.refresh();
    } else {
      this.#req.pause();
      clearTimeout(this.#stall);
      this.#stall = undefined;
    }
  };

  readonly #onEnd = (): void => {
    this.#detach();
    this.push(null);
  };

  #awaitData(): void {
    if (this.#options.stall > 0) {
      this.#stall ??= setTimeout(() => this.#fail('request_timeout'), this.#options.stall).unref();
    }
  }

  #fail(code: ErrorCode): void {
    this.#detach();
    this.#options.onProblem(code);
    this.destroy();
  }

  #detach(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    this.#req.off('data', this.#onData);
    this.#req.off('end', this.#onEnd);
  }
}

/**
 * Takes what a client still uploads after its answer is complete, so that it comes to read the answer: closed
 * at once, the connection would be reset and the answer lost on the way (RFC 9112, 9.6). It is closed after
 * `linger` milliseconds, and used on where the upload ends before.
 */
export const discardRest = (req: IncomingMessage, linger: number): void => {
  const timer = setTimeout(() => req.socket.destroy(), linger).unref();
  const done = (): void => clearTimeout(timer);
  req.once('end', done).once('close', done).resume();
};
