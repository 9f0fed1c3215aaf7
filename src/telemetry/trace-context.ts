import {
  type Context,
  isSpanContextValid,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';

/**
 * W3C Trace Context (Recommendation of 23 November 2021).
 *
 * OpenTelemetry's own propagator takes the first of several `traceparent` headers, keeps unknown flags, and
 * lets malformed `tracestate` keys pass; the recommendation's test suite objects to each.
 */
export const w3cPropagator: TextMapPropagator = {
  fields: () => ['traceparent', 'tracestate'],

  /** Expects several `tracestate` headers joined by commas, and of several `traceparent` headers none. */
  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const parent = getter.get(carrier, 'traceparent');
    const spanContext = typeof parent === 'string' ? parseTraceParent(parent) : undefined;
    if (spanContext === undefined) return context;
    const state = getter.get(carrier, 'tracestate');
    if (typeof state === 'string' && isTraceState(state)) spanContext.traceState = new TraceState(state);
    return trace.setSpanContext(context, spanContext);
  },

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (span === undefined || !isSpanContextValid(span)) return;
    const flags = span.traceFlags & TraceFlags.SAMPLED ? '01' : '00';
    setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-${flags}`);
    const state = span.traceState?.serialize();
    if (state !== undefined && state !== '') setter.set(carrier, 'tracestate', state);
  },
};

/** version-traceid-parentid-flags (section 3.2.2). Later versions may append fields, `00` may not. */
const TRACE_PARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

const parseTraceParent = (header: string): SpanContext | undefined => {
  const [, version, traceId, spanId, flags, rest] = TRACE_PARENT.exec(header.trim()) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === '00' && rest !== undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
};

/** key=value (section 3.3.1): a key is one name or `tenant@system`, a value printable without `,` and `=`. */
const STATE_MEMBER =
  /^([a-z][a-z\d_\-*/]{0,255}|[a-z\d][a-z\d_\-*/]{0,240}@[a-z][a-z\d_\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

const MAX_STATE_MEMBERS = 32;

/** One malformed member discredits the whole list (section 3.3.1.1). */
const isTraceState = (header: string): boolean => {
  const members = header.split(',').map(member => member.trim());
  const present = members.filter(member => member !== '');
  return present.length <= MAX_STATE_MEMBERS && present.every(member => STATE_MEMBER.test(member));
};
