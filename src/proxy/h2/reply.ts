import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { grpcStatusOf } from '../../core/grpc.ts';
import { linesOf } from '../field-lines.ts';
import type { Reply } from '../lane.ts';
import type { OwnAnswer } from '../respond.ts';
import type { ResponseHead } from '../response-head.ts';
import { headOf, trailersOf, trailersOnly } from './response-fields.ts';

const { NGHTTP2_INTERNAL_ERROR } = constants;

/** Frames that wait for a client; beyond, interim responses are not worth another. */
const MOST_WAITING = 16;

/** A response on one stream. The client knows its end from the stream, so no answer closes the connection. */
export class StreamReply implements Reply {
  sent = 0;
  status: number | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #isHead: boolean;
  /** Of a call of gRPC, whose own answers look otherwise. */
  readonly #grpcType: string | undefined;
  grpcStatus: number | undefined;
  /** Not sent yet: without a body, the stream ends with it. */
  #head: OutgoingHttpHeaders | undefined;
  #contentLength: number | undefined;
  /** The end of a body of known length, with which the stream ends. */
  #last: Buffer | undefined;
  #trailers: readonly string[] = [];
  #owesTrailers = false;
  #onFlushed = (): void => {};

  /** @param grpcType the request's content type where it is a call of gRPC */
  constructor(stream: ServerHttp2Stream, method: string, grpcType: string | undefined) {
    this.#stream = stream;
    this.#grpcType = grpcType;
    this.#isHead = method === 'HEAD';
  }

  get held(): number {
    return this.#stream.writableLength;
  }

  inform(status: number, lines: string): void {
    const stream = this.#stream;
    // 101 has no meaning here (RFC 9113, 8.6).
    if (!isOpen(stream) || stream.headersSent || status === 101) return;
    if ((stream.session?.state.outboundQueueSize ?? 0) > MOST_WAITING) return;
    stream.additionalHeaders(headOf(status, lines));
  }

  begin({ status, lines, contentLength }: ResponseHead): void {
    this.#head = headOf(status, lines);
    this.status = status;
    if (contentLength !== undefined) this.#contentLength = Number(contentLength);
  }

  write(piece: Buffer): boolean {
    this.sent += piece.length;
    if (this.sent === this.#contentLength) {
      this.#last = Buffer.from(piece);
      return true;
    }
    this.flush();
    return !isOpen(this.#stream) || this.#stream.write(Buffer.from(piece));
  }

  onDrain(callback: () => void): void {
    this.#stream.once('drain', callback);
  }

  flush(): void {
    if (this.#head === undefined) return;
    // Whether trailers come is known at the end of a body of unknown length.
    this.#respond(this.#head, { waitForTrailers: this.#contentLength === undefined });
  }

  end(trailers: readonly string[], onFlushed: () => void): void {
    this.#whenFlushed(onFlushed);
    const head = this.#head;
    if (head !== undefined && this.#last === undefined && trailers.length === 0) {
      this.#respond(head, { endStream: true });
      return;
    }
    this.#trailers = trailers;
    this.flush();
    if (isOpen(this.#stream)) this.#stream.end(this.#last);
  }

  answer(own: OwnAnswer, _closes: boolean, onFlushed: () => void): void {
    const { status, fields, body } = own;
    this.#whenFlushed(onFlushed);
    this.status = status;
    if (this.#grpcType !== undefined) {
      this.grpcStatus = grpcStatusOf(status);
      this.#respond(trailersOnly(own, this.#grpcType, this.grpcStatus), { endStream: true });
      return;
    }
    const whole = this.#isHead ? NOTHING : body;
    this.sent = whole.length;
    this.#respond(headOf(status, linesOf(fields)), { endStream: whole.length === 0 });
    if (whole.length > 0 && isOpen(this.#stream)) this.#stream.end(whole);
  }

  cut(): void {
    this.#stream.close(NGHTTP2_INTERNAL_ERROR);
  }

  #respond(head: OutgoingHttpHeaders, options: { endStream?: boolean; waitForTrailers?: boolean }): void {
    this.#head = undefined;
    const stream = this.#stream;
    // Its end is on its way to those who wait for it.
    if (!isOpen(stream)) return;
    if (options.waitForTrailers === true) {
      this.#owesTrailers = true;
      stream.once('wantTrailers', this.#sendTrailers);
    }
    stream.respond(head, options);
  }

  readonly #sendTrailers = (): void => {
    if (!isOpen(this.#stream)) return;
    this.#stream.sendTrailers(trailersOf(this.#trailers));
    setImmediate(this.#tellFlushed);
  };

  #whenFlushed(onFlushed: () => void): void {
    this.#onFlushed = onFlushed;
    this.#stream.once('finish', this.#onFinish);
  }

  /** Comes before trailers are asked for: a stream that is closed in between loses them. */
  readonly #onFinish = (): void => {
    if (!this.#owesTrailers) this.#tellFlushed();
  };

  /** A stream that the client gave up finishes, too. */
  readonly #tellFlushed = (): void => {
    if (!this.#stream.aborted) this.#onFlushed();
  };
}

const NOTHING = Buffer.alloc(0);

const isOpen = (stream: ServerHttp2Stream): boolean => !stream.destroyed && !stream.closed;
