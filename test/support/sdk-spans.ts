import { type Attributes, type HrTime, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  type ReadableSpan,
  type SpanLimits,
} from '@opentelemetry/sdk-trace-base';

/** A span as one tells OpenTelemetry's SDK of it. */
export interface SdkSpan {
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Attributes;
  readonly failed: boolean;
  readonly begun: HrTime;
  readonly ended: HrTime;
}

export interface SdkOptions {
  readonly resource: Resource;
  readonly scope: Required<InstrumentationScope>;
  readonly limits?: SpanLimits;
}

/** The message that OpenTelemetry's SDK and its own serialiser make of spans: what ours is held against. */
export const sdkMessage = (
  { resource, scope, limits = {} }: SdkOptions,
  spans: readonly SdkSpan[],
): Uint8Array => {
  const finished: ReadableSpan[] = [];
  let drawn: SpanContext | undefined;
  const provider = new BasicTracerProvider({
    sampler: new AlwaysOnSampler(),
    resource,
    spanLimits: limits,
    idGenerator: {
      generateTraceId: () => drawn?.traceId ?? '',
      generateSpanId: () => drawn?.spanId ?? '',
    },
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: span => finished.push(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  const tracer = provider.getTracer(scope.name, scope.version, { schemaUrl: scope.schemaUrl });
  for (const { context, parent, name, kind, attributes, failed, begun, ended } of spans) {
    drawn = context;
    const below = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const span = tracer.startSpan(name, { kind, attributes, startTime: begun }, below);
    if (failed) span.setStatus({ code: 2 });
    span.end(ended);
  }
  return ProtobufTraceSerializer.serializeRequest(finished) ?? new Uint8Array();
};
