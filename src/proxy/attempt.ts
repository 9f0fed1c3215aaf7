import type { Dispatcher } from 'undici';
import type { ErrorCode } from '../core/errors.ts';
import type { Target } from '../core/model.ts';
import type { FailedAttempt } from '../core/retry.ts';
import type { RawFields } from './fields.ts';
import type { RequestBody } from './request-body.ts';
import type { Upstream } from './upstreams.ts';

/** What one try tells its exchange. `ended` or `failed` comes last, one of them, once, and not after `abort`. */
export interface AttemptEvents {
  /** A connection is there and the request goes out. */
  sending(): void;
  /** An interim response (1xx). */
  informed(status: number, fields: RawFields): void;
  responded(status: number, fields: RawFields): void;
  /** @returns false to be given no more until `resume` */
  received(chunk: Buffer): boolean;
  ended(trailers: RawFields): void;
  failed(failure: FailedAttempt, cause: Error): void;
}

export interface AttemptRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly fields: string[];
  readonly body: RequestBody['content'] | undefined;
}

const NO_FIELDS: RawFields = [];

/** One try of one request at one instance, over undici. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly target: Target;
  readonly #upstream: Upstream;
  readonly #events: AttemptEvents;
  #controller: Dispatcher.DispatchController | undefined;
  #sent = false;
  #reused = false;
  #over = false;
  #counted = false;

  constructor(target: Target, upstream: Upstream, events: AttemptEvents) {
    this.target = target;
    this.#upstream = upstream;
    this.#events = events;
  }

  start({ method, path, fields, body }: AttemptRequest): void {
    this.#upstream.active += 1;
    this.#counted = true;
    this.#upstream.pool.dispatch({ method, path, headers: fields, body: body ?? null }, this);
  }

  /** The request is not wanted any more: its connection is closed at once. */
  abort(): void {
    if (this.#over) return;
    this.#over = true;
    // Until then its connection is being made, whoever wants it: it counts.
    if (this.#controller === undefined) return;
    this.#uncount();
    this.#controller.abort(new Error('aborted'));
  }

  resume(): void {
    if (!this.#over) this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#reused = this.#upstream.takeReused();
    if (this.#over) {
      // Aborted while it waited for its connection.
      this.#uncount();
      controller.abort(new Error('aborted'));
      return;
    }
    this.#sent = true;
    this.#events.sending();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (this.#over) return;
    if (status < 200) this.#events.informed(status, rawFields(controller.rawHeaders));
    else this.#events.responded(status, rawFields(controller.rawHeaders));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over && !this.#events.received(chunk)) controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#over) return;
    this.#over = true;
    this.#uncount();
    this.#events.ended(rawFields(controller.rawTrailers));
  }

  onResponseError(_: Dispatcher.DispatchController, cause: Error): void {
    this.#uncount();
    if (this.#over) return;
    this.#over = true;
    const code = codeOf(cause, this.#sent);
    this.#events.failed({ target: this.target, code, sent: this.#sent, reused: this.#reused }, cause);
  }

  #uncount(): void {
    if (this.#counted) this.#upstream.active -= 1;
    this.#counted = false;
  }
}

const rawFields = (raw: Dispatcher.DispatchController['rawHeaders']): RawFields =>
  Array.isArray(raw) ? raw : NO_FIELDS;

const CODES: Readonly<Record<string, ErrorCode>> = {
  UND_ERR_HEADERS_TIMEOUT: 'upstream_timeout',
  UND_ERR_BODY_TIMEOUT: 'upstream_timeout',
  UND_ERR_HEADERS_OVERFLOW: 'bad_response',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'bad_response',
  UND_ERR_INVALID_ARG: 'bad_request',
};

/** What a failure means to the caller. */
const codeOf = (cause: Error & { code?: unknown }, sent: boolean): ErrorCode => {
  if (cause.name === 'HTTPParserError') return 'bad_response';
  // undici tells an answer out of turn from a closed connection by the message alone.
  if (cause.message === 'bad response' || cause.message === 'bad upgrade') return 'bad_response';
  return CODES[String(cause.code)] ?? (sent ? 'upstream_reset' : 'connect_failed');
};
