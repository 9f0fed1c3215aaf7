import type { SpanContext } from '@opentelemetry/api';
import type { HttpSpans } from './http-spans.ts';
import type { AttemptOutcome, AttemptStart, RequestOutcome, RequestStart } from './observer.ts';
import type { Caller } from './propagation.ts';
import type { Tracing } from './tracing.ts';

/** A request that is recorded. */
export interface TracedRequest {
  readonly tracing: Tracing;
  readonly spans: HttpSpans;
  /** Folded to the known ones. */
  readonly method: string;
  readonly start: RequestStart;
  readonly caller: Caller;
  /** Drawn below the caller. */
  readonly span: SpanContext;
  /** Monotonic milliseconds, and those since the epoch at the same moment. */
  readonly begunAt: number;
  readonly epoch: number;
}

/**
 * The spans of one request: one of its own and one below it for each attempt. All moments are monotonic
 * milliseconds and told as counted from the request's start, so that no child outlives its parent by a step of
 * the system's time.
 */
export class RequestTrace {
  readonly #request: TracedRequest;

  constructor(request: TracedRequest) {
    this.#request = request;
  }

  attempt(start: AttemptStart, begunAt: number): AttemptTrace {
    return new AttemptTrace(this.#request, start, begunAt);
  }

  end(outcome: RequestOutcome, endedAt: number): void {
    const { tracing, spans, method, start, caller, span, epoch, begunAt } = this.#request;
    tracing.record({
      context: span,
      parent: caller.span,
      begunAt: epoch,
      endedAt: epoch + (endedAt - begunAt),
      describe: to => spans.request(to, method, start, outcome),
    });
  }
}

export class AttemptTrace {
  /** Trace context for the upstream. */
  readonly headers: readonly string[];
  readonly #request: TracedRequest;
  readonly #span: SpanContext;
  readonly #start: AttemptStart;
  readonly #begunAt: number;

  constructor(request: TracedRequest, start: AttemptStart, begunAt: number) {
    this.#request = request;
    this.#span = request.tracing.draw(request.span);
    this.headers = request.tracing.inject(request.caller, this.#span);
    this.#start = start;
    this.#begunAt = begunAt;
  }

  end(outcome: AttemptOutcome, endedAt: number): void {
    const { tracing, spans, method, span: parent, epoch, begunAt } = this.#request;
    const start = this.#start;
    tracing.record({
      context: this.#span,
      parent,
      begunAt: epoch + (this.#begunAt - begunAt),
      endedAt: epoch + (endedAt - begunAt),
      describe: to => spans.attempt(to, method, start, outcome),
    });
  }
}
