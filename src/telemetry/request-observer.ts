import { type Context, type HrTime, type Span, SpanKind, trace } from '@opentelemetry/api';
import type { AccessLog, AccessLogEntry } from './access-log.ts';
import { type Clock, createSystemClock } from './clock.ts';
import {
  clientAttributes,
  clientEnding,
  findHeader,
  foldMethod,
  serverAttributes,
  serverEnding,
  spanName,
} from './http-semantics.ts';
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
import type { HopMetrics } from './request-metrics.ts';
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
  readonly clock: Clock;
}

/** Spans, metrics and the access log of one hop, behind the interface that the data path knows. */
export const createRequestObserver = (options: RequestObserverOptions): RequestObserver => {
  const parts: Parts = {
    tracing: options.tracing,
    metrics: options.metrics.forHop(options.hop),
    accessLog: options.accessLog,
    hop: options.hop,
    clock: options.clock ?? createSystemClock(),
  };
  return {
    propagationFields: parts.tracing.propagationFields,
    begin: start => new Observation(parts, start),
  };
};

const MAX_PATH = 2048;
const MAX_USER_AGENT = 256;

class Observation implements RequestObservation {
  readonly #parts: Parts;
  readonly #start: RequestStart;
  readonly #method: string;
  /** Monotonic milliseconds, and those since the epoch at the same moment. */
  readonly #begunAt: number;
  #epoch = 0;
  /** The caller's context until there is a span, then the span's. */
  #context: Context | undefined;
  readonly #span: Span | undefined;
  /** Unrecorded requests make no attempt spans: every attempt carries the same context. */
  #sharedHeaders: readonly string[] | undefined;
  #attempts = 0;
  #instance: string | undefined;

  constructor(parts: Parts, start: RequestStart) {
    this.#parts = parts;
    this.#start = start;
    this.#method = foldMethod(start.method);
    this.#begunAt = parts.clock.now();
    parts.metrics.requestStarted();
    const { tracing } = parts;
    if (!tracing.enabled) return;
    this.#epoch = parts.clock.epochAt(this.#begunAt);
    const caller = tracing.extract(start.rawHeaders);
    this.#span = tracing.tracer.startSpan(
      spanName(this.#method),
      { kind: SpanKind.SERVER, startTime: this.#hrTimeAt(this.#begunAt) },
      caller,
    );
    this.#context = trace.setSpan(caller, this.#span);
    if (this.#span.isRecording()) this.#span.setAttributes(serverAttributes(parts.hop, this.#method, start));
  }

  attempt(start: AttemptStart): AttemptObservation {
    this.#attempts += 1;
    this.#instance = start.instanceId;
    const { tracing, metrics, clock, hop } = this.#parts;
    const begunAt = clock.now();
    const end = (outcome: AttemptOutcome): number => {
      const endedAt = clock.now();
      metrics.attemptEnded(start, outcome, (endedAt - begunAt) / 1000);
      return endedAt;
    };
    const context = this.#context;
    if (context === undefined || this.#span?.isRecording() !== true) {
      this.#sharedHeaders ??= context === undefined ? [] : tracing.inject(context);
      return { headers: this.#sharedHeaders, end };
    }
    const span = tracing.tracer.startSpan(
      spanName(this.#method),
      { kind: SpanKind.CLIENT, startTime: this.#hrTimeAt(begunAt) },
      context,
    );
    span.setAttributes(clientAttributes(hop, this.#method, start));
    return {
      headers: tracing.inject(trace.setSpan(context, span)),
      end: outcome => {
        const endedAt = end(outcome);
        const { attributes, status } = clientEnding(outcome);
        span.setAttributes(attributes);
        if (status !== undefined) span.setStatus(status);
        span.end(this.#hrTimeAt(endedAt));
      },
    };
  }

  end(outcome: RequestOutcome): void {
    const { metrics, accessLog, clock } = this.#parts;
    const endedAt = clock.now();
    metrics.requestEnded(this.#method, outcome, (endedAt - this.#begunAt) / 1000);
    const span = this.#span;
    if (span?.isRecording() === true) {
      const { attributes, status } = serverEnding(outcome);
      span.setAttributes(attributes);
      if (outcome.route !== undefined) span.updateName(spanName(this.#method, outcome.route));
      if (status !== undefined) span.setStatus(status);
      span.end(this.#hrTimeAt(endedAt));
    }
    if (accessLog.wants(outcome.status)) accessLog.write(this.#entry(outcome, endedAt));
  }

  #entry(outcome: RequestOutcome, endedAt: number): AccessLogEntry {
    const { hop, tracing, clock } = this.#parts;
    const milliseconds = endedAt - this.#begunAt;
    const epoch = this.#epoch || clock.epochAt(endedAt) - milliseconds;
    const start = this.#start;
    const context = this.#context ?? tracing.extract(start.rawHeaders);
    return {
      time: new Date(epoch).toISOString(),
      hop,
      requestId: start.requestId,
      traceId: trace.getSpanContext(context)?.traceId,
      method: start.method,
      host: start.authority,
      path: start.path.slice(0, MAX_PATH),
      status: outcome.status,
      error: outcome.error,
      route: outcome.route,
      service: outcome.service,
      version: outcome.version,
      instance: this.#instance,
      attempts: this.#attempts,
      durationMs: Math.round(milliseconds * 1000) / 1000,
      received: outcome.received,
      sent: outcome.sent,
      clientAddress: start.clientAddress,
      userAgent: findHeader(start.rawHeaders, 'user-agent')?.slice(0, MAX_USER_AGENT),
      cut: outcome.cut,
      upgraded: outcome.upgraded,
    };
  }

  /**
   * All times of a request are measured from its start, so that no child outlives its parent by a rounding.
   * OpenTelemetry's own clock starts spans at whole milliseconds.
   */
  #hrTimeAt(monotonic: number): HrTime {
    const epoch = this.#epoch + (monotonic - this.#begunAt);
    const seconds = Math.floor(epoch / 1000);
    return [seconds, Math.floor((epoch - seconds * 1000) * 1_000_000)];
  }
}
