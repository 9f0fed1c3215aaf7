import type { ErrorCode } from '../core/errors.ts';
import type { Target } from '../core/model/rule.ts';
import type { FailedAttempt } from '../core/retry/retry.ts';
import type { ResponseHead } from './response-head.ts';
import type { CallCarrier, UpstreamCall } from './upstream/call.ts';
import type { UpstreamRequest } from './upstream/request-writer.ts';
import type { Upstream } from './upstream/upstream.ts';

/** What one try tells its exchange. `ended` or `failed` comes last, one of them, once, and not after `abort`. */
export interface AttemptEvents {
  /** A connection is there and the request goes out. */
  sending(): void;
  /** An interim response (1xx). */
  informed(head: ResponseHead): void;
  responded(head: ResponseHead): void;
  /**
   * @param piece good during the call only
   * @returns false to be given no more until `resume`
   */
  received(piece: Buffer): boolean;
  /** All that has come of the response was told, and it is not over. */
  rested(): void;
  ended(trailers: readonly string[]): void;
  failed(failure: FailedAttempt, cause: Error): void;
}

/** One try of one request at one instance. */
export class Attempt implements UpstreamCall {
  readonly target: Target;
  readonly request: UpstreamRequest;
  readonly #events: AttemptEvents;
  #carrier: CallCarrier | undefined;
  #sent = false;
  #reused = false;
  #over = false;

  constructor(target: Target, request: UpstreamRequest, events: AttemptEvents) {
    this.target = target;
    this.request = request;
    this.#events = events;
  }

  start(upstream: Upstream): void {
    this.#carrier = upstream.send(this);
    // Sending may have ended it: then nothing was there to close yet.
    if (this.#over) this.#carrier.close();
  }

  /** The request is not wanted any more, and carried no further from this moment on. */
  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.#carrier?.close();
  }

  get isOver(): boolean {
    return this.#over;
  }

  resume(): void {
    if (!this.#over) this.#carrier?.resume();
  }

  onSending(reused: boolean): void {
    this.#sent = true;
    this.#reused = reused;
    this.#events.sending();
  }

  onInterim(head: ResponseHead): void {
    if (!this.#over) this.#events.informed(head);
  }

  onHead(head: ResponseHead): void {
    if (!this.#over) this.#events.responded(head);
  }

  onBody(piece: Buffer): boolean {
    return this.#over || this.#events.received(piece);
  }

  onLull(): void {
    if (!this.#over) this.#events.rested();
  }

  onEnd(trailers: readonly string[]): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.ended(trailers);
  }

  onFailure(code: ErrorCode, cause: Error, isUntouched = false): void {
    if (this.#over) return;
    this.#over = true;
    const sent = this.#sent && !isUntouched;
    this.#events.failed({ target: this.target, code, sent, reused: this.#reused }, cause);
  }
}
