import { type SpanContext, TraceFlags } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';

/**
 * W3C Trace Context (Recommendation of 23 November 2021).
 *
 * OpenTelemetry's own propagator takes the first of several `traceparent` headers, keeps unknown flags, and
 * lets malformed `tracestate` keys pass; the recommendation's test suite objects to each.
 */
export const TRACE_CONTEXT_FIELDS = ['traceparent', 'tracestate'] as const;

/**
 * @param parent `traceparent`; absent, or empty, where there were several
 * @param state `tracestate`, several joined by commas
 */
export const readTraceContext = (
  parent: string | undefined,
  state: string | undefined,
): SpanContext | undefined => {
  const span = parent === undefined ? undefined : parseTraceParent(parent);
  if (span !== undefined && state !== undefined && isTraceState(state))
    span.traceState = new TraceState(state);
  return span;
};

/** Appends name, value, name, value … */
export const writeTraceContext = (headers: string[], span: SpanContext): void => {
  const flags = span.traceFlags & TraceFlags.SAMPLED ? '01' : '00';
  headers.push('traceparent', `00-${span.traceId}-${span.spanId}-${flags}`);
  const state = span.traceState?.serialize();
  if (state !== undefined && state !== '') headers.push('tracestate', state);
};

/** version-traceid-parentid-flags (section 3.2.2). Later versions may append fields, `00` may not. */
const TRACE_PARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}($|-)/;
const LENGTH_OF_00 = 55;

const parseTraceParent = (header: string): SpanContext | undefined => {
  const text = header.trim();
  if (!TRACE_PARENT.test(text) || (text.startsWith('00') && text.length > LENGTH_OF_00)) return undefined;
  return {
    traceId: text.slice(3, 35),
    spanId: text.slice(36, 52),
    traceFlags: Number.parseInt(text.slice(53, 55), 16) & TraceFlags.SAMPLED,
    isRemote: true,
  };
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
