import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ErrorCode } from '../core/errors.ts';
import { BodyCopy, type TakeBody, takeLater } from './body-copy.ts';
import type { RequestBody } from './lane.ts';

/** A request as Node's servers hand it over, or one stream of HTTP/2. */
export interface BodySource extends Readable {
  /** The client gave it up. HTTP/2 ends such a body as if it were whole. */
  readonly aborted: boolean;
}

export interface BodyOptions {
  readonly maxBytes: number;
  /** A body of at most so many bytes is kept as it passes, and can be sent again once it has come. */
  readonly keptBytes: number;
  /** Called once at most; the body is destroyed then. */
  readonly onProblem: (code: ErrorCode) => void;
}

/** A small body of known length, read before it is sent: cheaper than a stream, and good for another try. */
export class KeptBody implements RequestBody {
  content: Buffer = NOTHING;
  readonly isLost = false;
  isAwaited = true;
  readonly #req: BodySource;
  #onReady = (): void => {};

  constructor(req: BodySource) {
    this.#req = req;
    req.on('data', this.#onData).on('end', this.#onEnd);
  }

  get received(): number {
    return this.content.length;
  }

  whenReady(callback: () => void): void {
    this.#onReady = callback;
  }

  copy(_most: number, take: TakeBody): void {
    takeLater(take, this.content, true);
  }

  destroy(): void {
    this.isAwaited = false;
    this.#req.off('data', this.#onData).off('end', this.#onEnd);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.content = this.content.length === 0 ? chunk : Buffer.concat([this.content, chunk]);
  };

  readonly #onEnd = (): void => {
    this.destroy();
    if (!this.#req.aborted) this.#onReady();
  };
}

const NOTHING = Buffer.alloc(0);

/**
 * A body that is passed on as it comes; what the upstream has no room for stays with the client. It stands
 * between the two, because it may end before the request does, and a request that is destroyed takes the connection
 * along on which its answer is due.
 */
export class StreamedBody extends Readable implements RequestBody {
  received = 0;
  isAwaited = false;
  whole: Buffer | undefined;
  #isTaken = false;
  #kept: Buffer[] | undefined = [];
  readonly #req: BodySource;
  readonly #options: BodyOptions;
  #copy: BodyCopy | undefined;

  constructor(req: BodySource, options: BodyOptions) {
    super({ highWaterMark: 64 * 1024 });
    this.#req = req;
    this.#options = options;
  }

  get content(): Readable | Buffer {
    return this.whole ?? this;
  }

  get isLost(): boolean {
    return this.#isTaken && this.whole === undefined;
  }

  whenReady(callback: () => void): void {
    callback();
  }

  copy(most: number, take: TakeBody): void {
    this.#copy = new BodyCopy(most, take);
  }

  override _read(): void {
    if (this.#isTaken) this.#req.resume();
    else {
      this.#isTaken = true;
      this.#req.on('data', this.#onData).on('end', this.#onEnd);
    }
    this.isAwaited = true;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#detach();
    done(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.received += chunk.length;
    if (this.received > this.#options.maxBytes) {
      this.#fail('body_too_large');
      return;
    }
    if (this.received > this.#options.keptBytes) this.#kept = undefined;
    this.#kept?.push(chunk);
    this.#copy?.add(chunk);
    if (!this.push(chunk)) {
      this.#req.pause();
      this.isAwaited = false;
    }
  };

  readonly #onEnd = (): void => {
    this.#detach();
    if (this.#req.aborted) return;
    if (this.#kept !== undefined) this.whole = Buffer.concat(this.#kept);
    this.push(null);
    this.#copy?.end();
  };

  #fail(code: ErrorCode): void {
    this.#detach();
    this.#options.onProblem(code);
    this.destroy();
  }

  #detach(): void {
    this.isAwaited = false;
    this.#req.off('data', this.#onData).off('end', this.#onEnd);
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
