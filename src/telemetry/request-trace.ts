import type { SpanContext } from '@opentelemetry/api';
import type { HttpSpans } from './http-spans.ts';
import type { AttemptOutcome, AttemptStart, RequestOutcome, RequestStart } from './observer.ts';
import type { DrawnSpan, SpanWriter } from './otlp/span-writer.ts';
import type { AttemptKind } from './place-phrases.ts';
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
export class RequestTrace implements DrawnSpan<RequestOutcome> {
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly begunAt: number;
  readonly #request: TracedRequest;

  constructor(request: TracedRequest) {
    this.context = request.span;
    this.parent = request.caller.span;
    this.begunAt = request.epoch;
    this.#request = request;
  }

  attempt(start: AttemptStart, begunAt: number, kind: AttemptKind): AttemptTrace {
    return new AttemptTrace(this.#request, start, begunAt, kind);
  }

  end(outcome: RequestOutcome, endedAt: number): void {
    const { tracing, epoch, begunAt } = this.#request;
    tracing.record(this, outcome, epoch + (endedAt - begunAt));
  }

  describe(to: SpanWriter, outcome: RequestOutcome): void {
    const { spans, method, start } = this.#request;
    spans.request(to, method, start, outcome);
  }
}

export class AttemptTrace implements DrawnSpan<AttemptOutcome> {
  readonly context: SpanContext;
  readonly parent: SpanContext;
  readonly begunAt: number;
  /** Trace context for the upstream. */
  readonly headers: readonly string[];
  readonly #request: TracedRequest;
  readonly #start: AttemptStart;
  readonly #kind: AttemptKind;

  constructor(request: TracedRequest, start: AttemptStart, begunAt: number, kind: AttemptKind) {
    this.context = request.tracing.draw(request.span);
    this.parent = request.span;
    this.begunAt = request.epoch + (begunAt - request.begunAt);
    this.headers = request.tracing.inject(request.caller, this.context);
    this.#request = request;
    this.#start = start;
    this.#kind = kind;
  }

  end(outcome: AttemptOutcome, endedAt: number): void {
    const { tracing, epoch, begunAt } = this.#request;
    tracing.record(this, outcome, epoch + (endedAt - begunAt));
  }

  describe(to: SpanWriter, outcome: AttemptOutcome): void {
    const { spans, method } = this.#request;
    spans.attempt(to, method, this.#start, outcome, this.#kind);
  }
}
