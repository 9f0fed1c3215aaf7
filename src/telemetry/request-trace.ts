import { type Context, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { clientAttributes, endClient, endServer, serverAttributes, spanName } from './http-semantics.ts';
import type { AttemptOutcome, AttemptStart, RequestOutcome, RequestStart } from './observer.ts';
import type { Tracing } from './tracing.ts';

/** A request that is recorded. */
export interface TracedRequest {
  readonly tracing: Tracing;
  readonly hop: string;
  /** Folded to the known ones. */
  readonly method: string;
  readonly start: RequestStart;
  readonly caller: Context;
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
  /** What attempts are drawn below. */
  readonly #context: Context;

  constructor(request: TracedRequest) {
    this.#request = request;
    this.#context = trace.setSpanContext(request.caller, request.span);
  }

  attempt(start: AttemptStart, begunAt: number): AttemptTrace {
    return new AttemptTrace(this.#request, this.#context, start, begunAt);
  }

  end(outcome: RequestOutcome, endedAt: number): void {
    const { tracing, hop, method, start, caller, span, epoch, begunAt } = this.#request;
    const attributes = serverAttributes(hop, method, start);
    const status = endServer(attributes, outcome);
    tracing.record({
      context: span,
      parent: caller,
      name: spanName(method, outcome.where.route),
      kind: SpanKind.SERVER,
      attributes,
      status,
      begunAt: epoch,
      endedAt: epoch + (endedAt - begunAt),
    });
  }
}

export class AttemptTrace {
  /** Trace context for the upstream. */
  readonly headers: readonly string[];
  readonly #request: TracedRequest;
  readonly #parent: Context;
  readonly #span: SpanContext;
  readonly #start: AttemptStart;
  readonly #begunAt: number;

  constructor(request: TracedRequest, parent: Context, start: AttemptStart, begunAt: number) {
    this.#request = request;
    this.#parent = parent;
    this.#span = request.tracing.draw(parent);
    this.headers = request.tracing.inject(request.caller, this.#span);
    this.#start = start;
    this.#begunAt = begunAt;
  }

  end(outcome: AttemptOutcome, endedAt: number): void {
    const { tracing, hop, method, epoch, begunAt } = this.#request;
    const attributes = clientAttributes(hop, method, this.#start);
    const status = endClient(attributes, outcome);
    tracing.record({
      context: this.#span,
      parent: this.#parent,
      name: spanName(method),
      kind: SpanKind.CLIENT,
      attributes,
      status,
      begunAt: epoch + (this.#begunAt - begunAt),
      endedAt: epoch + (endedAt - begunAt),
    });
  }
}
