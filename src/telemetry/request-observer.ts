import { TraceFlags } from '@opentelemetry/api';
import { statusMeant } from '../core/grpc.ts';
import type { AccessLogEntry } from './access-line.ts';
import type { AccessLog } from './access-log.ts';
import { type Clock, createSystemClock } from './clock.ts';
import type { HopMetrics } from './hop-metrics.ts';
import { findHeader, foldMethod } from './http-semantics.ts';
import { HttpSpans } from './http-spans.ts';
import type { Metrics } from './metrics.ts';
import type {
  AttemptObservation,
  AttemptOutcome,
  AttemptStart,
  RequestObservation,
  RequestObserver,
  RequestOutcome,
  RequestStart,
} from './observer.ts';
import type { AttemptKind } from './place-phrases.ts';
import { type AttemptTrace, RequestTrace } from './request-trace.ts';
import type { Tracing } from './tracing.ts';

/** Which way through Sluice a request takes here. */
export type Hop = 'gateway' | 'sidecar-inbound' | 'sidecar-outbound';

export interface RequestObserverOptions {
  readonly tracing: Tracing;
  readonly metrics: Metrics;
  readonly accessLog: AccessLog;
  readonly hop: Hop;
  readonly clock?: Clock;
}

interface Parts {
  readonly tracing: Tracing;
  readonly metrics: HopMetrics;
  readonly accessLog: AccessLog;
  readonly hop: Hop;
  readonly spans: HttpSpans;
  readonly clock: Clock;
}

/** Spans, metrics and the access log of one hop, behind the interface that the data path knows. */
export const createRequestObserver = (options: RequestObserverOptions): RequestObserver => {
  const parts: Parts = {
    tracing: options.tracing,
    metrics: options.metrics.forHop(options.hop),
    accessLog: options.accessLog,
    hop: options.hop,
    spans: new HttpSpans(options.hop, options.tracing.limits),
    clock: options.clock ?? createSystemClock(),
  };
  return {
    propagationFields: parts.tracing.propagationFields,
    begin: start => new Observation(parts, start),
  };
};

const NO_HEADERS: readonly string[] = [];

const MAX_PATH = 2048;
const MAX_USER_AGENT = 256;

class Observation implements RequestObservation {
  readonly #parts: Parts;
  readonly #start: RequestStart;
  readonly #method: string;
  /** Monotonic milliseconds. */
  readonly #begunAt: number;
  #traceId: string | undefined;
  /** Where the request is recorded. */
  #trace: RequestTrace | undefined;
  /** Where it is not: no attempt has a span, so all hand on the same context. */
  #headers: readonly string[] = NO_HEADERS;
  #attempts = 0;
  #instance: string | undefined;

  constructor(parts: Parts, start: RequestStart) {
    this.#parts = parts;
    this.#start = start;
    this.#method = foldMethod(start.method);
    this.#begunAt = parts.clock.now();
    parts.metrics.requestStarted();
    if (parts.tracing.enabled) this.#joinTrace();
  }

  #joinTrace(): void {
    const { tracing, spans, clock } = this.#parts;
    const start = this.#start;
    const caller = tracing.extract(start.rawHeaders);
    const span = tracing.draw(caller.span);
    this.#traceId = span.traceId;
    if ((span.traceFlags & TraceFlags.SAMPLED) === 0) {
      this.#headers = tracing.inject(caller, span);
      return;
    }
    const begunAt = this.#begunAt;
    const epoch = clock.epochAt(begunAt);
    this.#trace = new RequestTrace({
      tracing,
      spans,
      method: this.#method,
      start,
      caller,
      span,
      begunAt,
      epoch,
    });
  }

  attempt(start: AttemptStart): AttemptObservation {
    this.#attempts += 1;
    this.#instance = start.instanceId;
    const begunAt = this.#parts.clock.now();
    const span = this.#trace?.attempt(start, begunAt, 'attempt');
    return new Attempt(this.#parts, start, begunAt, span?.headers ?? this.#headers, span);
  }

  copy(start: AttemptStart): AttemptObservation {
    return this.#aside(start, 'copy');
  }

  ask(start: AttemptStart): AttemptObservation {
    return this.#aside(start, 'ask');
  }

  /** Sent beside the request. */
  #aside(start: AttemptStart, kind: AttemptKind): AttemptObservation {
    const { clock, metrics } = this.#parts;
    const begunAt = clock.now();
    const span = this.#trace?.attempt(start, begunAt, kind);
    const sample = metrics.samplerOf(start.where);
    return {
      headers: span?.headers ?? this.#headers,
      end: outcome => {
        const endedAt = clock.now();
        span?.end(outcome, endedAt);
        const { error, status = 0 } = outcome;
        // One that was dropped says nothing about the version.
        if (error !== 'overloaded') {
          sample?.count(error !== undefined || status >= 500, (endedAt - begunAt) / 1_000);
        }
      },
    };
  }

  end(outcome: RequestOutcome): void {
    const { metrics, accessLog, clock } = this.#parts;
    const endedAt = clock.now();
    metrics.requestEnded(this.#method, outcome, (endedAt - this.#begunAt) / 1000);
    this.#trace?.end(outcome, endedAt);
    if (accessLog.wants(statusMeant(outcome.status, outcome.grpcStatus)))
      accessLog.write(this.#entry(outcome, endedAt));
  }

  #entry(outcome: RequestOutcome, endedAt: number): AccessLogEntry {
    const { hop, tracing, clock } = this.#parts;
    const milliseconds = endedAt - this.#begunAt;
    const start = this.#start;
    return {
      time: clock.epochAt(endedAt) - milliseconds,
      hop,
      requestId: start.requestId,
      traceId: this.#traceId ?? tracing.extract(start.rawHeaders).span?.traceId,
      method: start.method,
      host: start.authority,
      path: start.path.slice(0, MAX_PATH),
      status: outcome.status,
      grpcStatus: outcome.grpcStatus,
      error: outcome.error,
      route: outcome.where.route || undefined,
      service: outcome.where.service || undefined,
      version: outcome.where.version || undefined,
      instance: this.#instance,
      attempts: this.#attempts,
      durationMs: Math.round(milliseconds * 1000) / 1000,
      received: outcome.received,
      sent: outcome.sent,
      clientAddress: start.clientAddress,
      userAgent: findHeader(start.rawHeaders, 'user-agent')?.slice(0, MAX_USER_AGENT),
      cut: outcome.cut,
      upgraded: outcome.upgraded,
      auth: outcome.auth,
    };
  }
}

class Attempt implements AttemptObservation {
  readonly headers: readonly string[];
  readonly #parts: Parts;
  readonly #start: AttemptStart;
  readonly #begunAt: number;
  readonly #span: AttemptTrace | undefined;

  constructor(
    parts: Parts,
    start: AttemptStart,
    begunAt: number,
    headers: readonly string[],
    span: AttemptTrace | undefined,
  ) {
    this.headers = headers;
    this.#parts = parts;
    this.#start = start;
    this.#begunAt = begunAt;
    this.#span = span;
  }

  end(outcome: AttemptOutcome): void {
    const { metrics, clock } = this.#parts;
    const endedAt = clock.now();
    metrics.attemptEnded(this.#start, outcome, (endedAt - this.#begunAt) / 1000);
    this.#span?.end(outcome, endedAt);
  }
}
