import {
  type Attributes,
  type Context,
  type HrTime,
  INVALID_TRACEID,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { AlwaysOnSampler, BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Ids } from './ids.ts';
import type { Sample } from './sampling.ts';

/** A span that is over, with all that is to be said of it. */
export interface FinishedSpan {
  /** As it was drawn. */
  readonly context: SpanContext;
  /** What it was drawn below. */
  readonly parent: Context;
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly status?: SpanStatus | undefined;
  /** Milliseconds since the epoch, with fractions. */
  readonly begunAt: number;
  readonly endedAt: number;
}

/**
 * Spans in two steps: at its beginning a span is no more than ids and a decision, which is all that the next hop
 * must know; what is recorded is told whole at its end. So one that is not sampled costs hardly anything, and
 * one that is is made without a change afterwards.
 */
export interface Recorder {
  /** Ids for a span below `parent`, and whether it is sampled. */
  draw(parent: Context): SpanContext;
  /** For a span whose context is sampled; once each. */
  record(span: FinishedSpan): void;
}

export interface RecorderOptions {
  readonly sample: Sample;
  readonly ids: Ids;
  readonly resource: Resource;
  readonly processor: SpanProcessor;
  readonly version: string;
}

const INSTRUMENTATION = 'sluice';

export const createRecorder = ({ sample, ids, resource, processor, version }: RecorderOptions): Recorder => {
  /** That of the span which the SDK is making. */
  let drawn: SpanContext | undefined;
  const provider = new BasicTracerProvider({
    sampler: new AlwaysOnSampler(),
    resource,
    spanProcessors: [processor],
    idGenerator: {
      generateTraceId: () => drawn?.traceId ?? ids.trace(),
      generateSpanId: () => drawn?.spanId ?? ids.span(),
    },
  });
  const tracer = provider.getTracer(INSTRUMENTATION, version);
  return {
    draw: context => {
      const parent = validParent(context);
      const traceId = parent?.traceId ?? ids.trace();
      const spanId = ids.span();
      const traceFlags = sample(parent, traceId) ? TraceFlags.SAMPLED : TraceFlags.NONE;
      return parent?.traceState === undefined
        ? { traceId, spanId, traceFlags }
        : { traceId, spanId, traceFlags, traceState: parent.traceState };
    },
    record: ({ context, parent, name, kind, attributes, status, begunAt, endedAt }) => {
      drawn = context;
      const span = tracer.startSpan(name, { kind, startTime: hrTime(begunAt) }, parent);
      // The SDK copies attributes that it gets at the start twice more.
      span.setAttributes(attributes);
      if (status !== undefined) span.setStatus(status);
      span.end(hrTime(endedAt));
    },
  };
};

/** An application's own context may hold a span that is none. */
const validParent = (context: Context): SpanContext | undefined => {
  const parent = trace.getSpanContext(context);
  return parent?.traceId === INVALID_TRACEID ? undefined : parent;
};

const hrTime = (epoch: number): HrTime => {
  const seconds = Math.floor(epoch / 1000);
  return [seconds, Math.floor((epoch - seconds * 1000) * 1_000_000)];
};
