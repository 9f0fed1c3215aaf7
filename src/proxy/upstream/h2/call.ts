import { type ClientHttp2Stream, constants } from 'node:http2';
import type { ErrorCode } from '../../../core/errors.ts';
import type { Timeouts } from '../../options.ts';
import type { CallCarrier, UpstreamCall } from '../call.ts';
import { Deadline } from '../deadline.ts';
import { MalformedResponse } from '../malformed.ts';
import type { BodyTurn } from '../request-writer.ts';
import { TimeLeft } from '../time-left.ts';
import { StreamBodyWriter } from './body-writer.ts';
import { requestFields } from './request-fields.ts';
import { responseHeadOf, trailersOf } from './response-fields.ts';
import type { Session } from './session.ts';

/** Who finds a session for a call. */
export interface CallOwner {
  /** The session has gone, or takes no more, and has done nothing about it: it goes over another one. */
  again(call: StreamCall): void;
  /** No call is told of anything any more. */
  readonly isCut: boolean;
}

/** A call is begun again at most so often. */
const MOST_BEGINNINGS = 4;

/** One call: it waits for a session, and is one stream of it. */
export class StreamCall implements CallCarrier {
  readonly #call: UpstreamCall;
  readonly #scheme: 'http' | 'https';
  readonly #timeouts: Timeouts;
  readonly #owner: CallOwner;
  readonly #deadline = new Deadline(() => this.#expire());
  readonly #timeLeft = new TimeLeft();
  #session: Session | undefined;
  #stream: ClientHttp2Stream | undefined;
  #body: StreamBodyWriter | undefined;
  #beginnings = 0;
  #hasHead = false;
  /** The instance has said that nothing more comes (END_STREAM). */
  #hasEndOfBody = false;
  #takesMore = true;
  #isLullDue = false;
  #trailers: readonly string[] = NO_FIELDS;
  /** Bytes of the body that are still to come, where the head has told. */
  #left: number | undefined;
  #cause: Error | undefined;
  #isOver = false;

  constructor(call: UpstreamCall, scheme: 'http' | 'https', timeouts: Timeouts, owner: CallOwner) {
    this.#call = call;
    this.#scheme = scheme;
    this.#timeouts = timeouts;
    this.#owner = owner;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** For a session. */
  wait(): void {
    this.#deadline.set(this.#timeouts.connect);
  }

  /** On a session that has room. */
  begin(session: Session): void {
    const { request } = this.#call;
    this.#session = session;
    this.#deadline.clear();
    this.#beginnings += 1;
    if (this.#beginnings === 1) {
      this.#timeLeft.start(request.timeout);
      this.#call.onSending(session.wasUsed);
      if (this.#isOver) return;
    }
    const body = this.#whole ?? request.body;
    try {
      this.#stream = this.#listen(session.request(requestFields(request, this.#scheme), body === undefined));
    } catch (cause) {
      this.fail('bad_request', cause as Error);
      return;
    }
    if (body === undefined) this.#limitHead();
    else if (Buffer.isBuffer(body)) {
      this.#stream.end(body);
      this.#limitHead();
    } else {
      this.#body = new StreamBodyWriter(this.#stream, body, this.#limitHead);
      this.#timeLeft.pause();
    }
  }

  resume(): void {
    if (this.#isOver) return;
    this.#takesMore = true;
    this.#limit(this.#timeouts.responseStall);
    this.#stream?.resume();
  }

  close(): void {
    if (!this.#isOver) this.#release(constants.NGHTTP2_CANCEL);
  }

  fail(code: ErrorCode, cause: Error, isUntouched = false): void {
    if (this.#isOver) return;
    this.#release(constants.NGHTTP2_CANCEL);
    this.#call.onFailure(code, cause, isUntouched);
  }

  #listen(stream: ClientHttp2Stream): ClientHttp2Stream {
    const { push } = stream;
    // Node ends the body of a stream that was reset, too; by the time of `end` nobody can tell the two apart.
    stream.push = (piece, encoding) => {
      if (piece === null && !stream.closed) this.#hasEndOfBody = true;
      return push.call(stream, piece, encoding);
    };
    return stream
      .on('headers', (_: unknown, __: unknown, raw: readonly string[]) => this.#onInterim(raw))
      .on('response', this.#onResponse)
      .on('trailers', (_: unknown, __: unknown, raw: readonly string[]) => this.#onTrailers(raw))
      .on('end', this.#onEnd)
      .on('error', this.#onError)
      .on('close', this.#onClose);
  }

  /** The instance is waited for. */
  #limit(milliseconds: number): void {
    this.#deadline.set(this.#timeLeft.within(milliseconds));
  }

  /** Somebody else is. */
  #pause(): void {
    this.#timeLeft.pause();
    this.#deadline.clear();
  }

  /** The time of the client is not the instance's. */
  readonly #limitHead = (turn: BodyTurn = 'nobody'): void => {
    if (this.#hasHead || this.#isOver) return;
    if (turn === 'client') this.#pause();
    else this.#limit(this.#call.request.headTimeout ?? this.#timeouts.responseHead);
  };

  #onInterim(raw: readonly string[]): void {
    this.#judged(() => {
      const head = responseHeadOf(raw);
      // Nobody was asked whether to go on.
      if (head.status !== 100) this.#call.onInterim(head);
    });
  }

  readonly #onResponse = (_: unknown, flags: number, raw: readonly string[]): void => {
    this.#judged(() => {
      const head = responseHeadOf(raw);
      this.#hasHead = true;
      const isBodiless = this.#call.request.method === 'HEAD' || head.status === 304;
      if (!isBodiless && head.contentLength !== undefined) this.#left = Number(head.contentLength);
      this.#call.onHead(head);
      if (this.#isOver) return;
      // Told in one go, so that a client of HTTP/2 gets it in one frame, too: gRPC takes other things for broken.
      if ((flags & END_STREAM) !== 0) this.#end();
      else {
        this.#limit(this.#timeouts.responseStall);
        this.#awaitLull();
        this.#stream?.on('data', this.#onData);
      }
    });
  };

  #onTrailers(raw: readonly string[]): void {
    this.#judged(() => {
      this.#trailers = trailersOf(raw);
    });
  }

  #judged(read: () => void): void {
    if (this.#isOver) return;
    try {
      read();
    } catch (cause) {
      if (!(cause instanceof MalformedResponse)) throw cause;
      this.fail('bad_response', cause);
    }
  }

  readonly #onData = (piece: Buffer): void => {
    if (this.#isOver) return;
    if (this.#left !== undefined) this.#left -= piece.length;
    this.#takesMore = this.#call.onBody(piece);
    if (this.#isOver) return;
    // A client that is slower is not the instance's fault.
    if (this.#takesMore) this.#limit(this.#timeouts.responseStall);
    else {
      this.#stream?.pause();
      this.#pause();
    }
    this.#awaitLull();
  };

  /** What was read together is told before the event loop looks for more. */
  #awaitLull(): void {
    if (this.#isLullDue) return;
    this.#isLullDue = true;
    setImmediate(this.#onLull);
  }

  readonly #onLull = (): void => {
    this.#isLullDue = false;
    if (!this.#isOver) this.#call.onLull();
  };

  readonly #onEnd = (): void => {
    if (!this.#isOver && this.#hasHead && this.#isWhole) this.#end();
  };

  get #isWhole(): boolean {
    return this.#left === undefined ? this.#hasEndOfBody : this.#left === 0;
  }

  #end(): void {
    this.#release(constants.NGHTTP2_NO_ERROR);
    this.#call.onEnd(this.#trailers);
  }

  readonly #onError = (cause: Error): void => {
    this.#cause = cause;
  };

  /** Without the end of a response. */
  readonly #onClose = (): void => {
    const stream = this.#stream;
    if (this.#isOver || stream === undefined) return;
    if (this.#owner.isCut) {
      this.close();
      return;
    }
    const isUntouched = !this.#hasHead && this.#session?.isUntouched(stream) === true;
    const isRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    if (isUntouched && this.#canBeginAgain) {
      this.#body?.stop();
      this.#body = undefined;
      this.#cause = undefined;
      this.#stream = undefined;
      this.#owner.again(this);
      return;
    }
    const cause = this.#cause ?? new Error(`the instance reset the stream (code ${stream.rstCode})`);
    if (isUntouched) this.fail(isRefused ? 'overloaded' : 'upstream_reset', cause, true);
    else {
      const isOurs = OUR_COMPLAINTS.has(stream.rstCode ?? 0) || isOfConnection(cause);
      this.fail(isOurs ? 'bad_response' : 'upstream_reset', cause);
    }
  };

  /** Undefined where a part of the body may be gone, and where there is none. */
  get #whole(): Buffer | undefined {
    const { body } = this.#call.request;
    return body === undefined || Buffer.isBuffer(body) ? body : body.whole;
  }

  get #canBeginAgain(): boolean {
    const isWhole = this.#call.request.body === undefined || this.#whole !== undefined;
    return isWhole && this.#beginnings < MOST_BEGINNINGS && this.#session?.hasRoom === false;
  }

  #expire(): void {
    if (this.#session === undefined) this.fail('connect_failed', new Error('connecting took too long'));
    else this.fail('upstream_timeout', new Error('the instance took too long'));
  }

  /** @param code for the instance, where the stream is not over on both sides */
  #release(code: number): void {
    this.#isOver = true;
    this.#deadline.stop();
    this.#body?.stop();
    this.#body = undefined;
    const stream = this.#stream;
    if (stream === undefined) return;
    stream.off('data', this.#onData);
    if (code !== constants.NGHTTP2_NO_ERROR || !stream.writableEnded) stream.close(constants.NGHTTP2_CANCEL);
    // What still comes is dropped: left where it is, it would keep the stream from closing.
    stream.resume();
  }
}

const END_STREAM = constants.NGHTTP2_FLAG_END_STREAM;

const NO_FIELDS: readonly string[] = [];

/** What our side finds wrong with the connection: told by Node (nghttp2's error), or found out (session-pulse.ts). */
const isOfConnection = (cause: NodeJS.ErrnoException): boolean =>
  cause instanceof MalformedResponse || cause.code === 'ERR_HTTP2_ERROR';

/** With these, mostly, our own side refuses what it has read. */
const OUR_COMPLAINTS: ReadonlySet<number> = new Set([
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_FLOW_CONTROL_ERROR,
  constants.NGHTTP2_FRAME_SIZE_ERROR,
  constants.NGHTTP2_COMPRESSION_ERROR,
]);
