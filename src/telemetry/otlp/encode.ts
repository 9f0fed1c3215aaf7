import { type Attributes, type HrTime, type SpanContext, SpanStatusCode } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import { ProtobufWriter } from './protobuf.ts';

/**
 * Spans as OTLP 1 has them: opentelemetry-proto, trace/v1/trace.proto and common/v1/common.proto, whose field
 * numbers stand here. What has its default value is left out, as proto3 asks.
 */

/** The flags beside those of W3C say whether a context came over the wire (SpanFlags in trace.proto). */
const FLAGS_MASK = 0xff;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

const TWO_16 = 2 ** 16;
const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;
const NANOS = 1e9;

/** One `spans` of a ScopeSpans. */
export const writeSpan = (to: ProtobufWriter, span: ReadableSpan): void => {
  const context = span.spanContext();
  const parent = span.parentSpanContext;
  const start = to.begin(2);
  to.hex(1, context.traceId);
  to.hex(2, context.spanId);
  writeTraceState(to, context);
  if (parent !== undefined) to.hex(4, parent.spanId);
  to.string(5, span.name);
  // The API has no word for an unspecified kind, so its kinds are one less.
  to.uint32(6, span.kind + 1);
  writeTime(to, 7, span.startTime);
  writeTime(to, 8, span.endTime);
  writeAttributes(to, 9, span.attributes);
  writeCount(to, 10, span.droppedAttributesCount);
  for (const event of span.events) writeEvent(to, event);
  writeCount(to, 12, span.droppedEventsCount);
  for (const link of span.links) writeLink(to, link);
  writeCount(to, 14, span.droppedLinksCount);
  writeStatus(to, span.status);
  to.fixed32(16, flagsOf(context, parent?.isRemote));
  to.end(start);
};

const writeEvent = (to: ProtobufWriter, event: TimedEvent): void => {
  const start = to.begin(11);
  writeTime(to, 1, event.time);
  to.string(2, event.name);
  writeAttributes(to, 3, event.attributes ?? {});
  writeCount(to, 4, event.droppedAttributesCount);
  to.end(start);
};

const writeLink = (to: ProtobufWriter, link: ReadableSpan['links'][number]): void => {
  const start = to.begin(13);
  to.hex(1, link.context.traceId);
  to.hex(2, link.context.spanId);
  writeTraceState(to, link.context);
  writeAttributes(to, 4, link.attributes ?? {});
  writeCount(to, 5, link.droppedAttributesCount);
  to.fixed32(6, flagsOf(link.context, link.context.isRemote));
  to.end(start);
};

const writeStatus = (to: ProtobufWriter, { code, message }: ReadableSpan['status']): void => {
  if (code === SpanStatusCode.UNSET && !message) return;
  const start = to.begin(15);
  if (message) to.string(2, message);
  writeCount(to, 3, code);
  to.end(start);
};

const writeTraceState = (to: ProtobufWriter, { traceState }: SpanContext): void => {
  const state = traceState?.serialize();
  if (state) to.string(3, state);
};

const flagsOf = ({ traceFlags }: SpanContext, isRemote = false): number =>
  (traceFlags & FLAGS_MASK) | HAS_IS_REMOTE | (isRemote ? IS_REMOTE : 0);

const writeCount = (to: ProtobufWriter, field: number, count = 0): void => {
  if (count !== 0) to.uint32(field, count);
};

/** Nanoseconds as 64 bits: more than a number holds exactly, so in two parts of the seconds, each times 10^9. */
const writeTime = (to: ProtobufWriter, field: number, [seconds, nanos]: HrTime): void => {
  const upper = Math.floor(seconds / TWO_16) * NANOS;
  const lower = (seconds % TWO_16) * NANOS + nanos;
  const low = (upper % TWO_16) * TWO_16 + (lower % TWO_32);
  const high = Math.floor(upper / TWO_16) + Math.floor(lower / TWO_32) + Math.floor(low / TWO_32);
  to.fixed64(field, high, low % TWO_32);
};

/** Each a KeyValue. The SDK lets only proper values in, and `null` for a gap in a list. */
const writeAttributes = (to: ProtobufWriter, field: number, attributes: Attributes): void => {
  for (const key in attributes) {
    const start = to.begin(field);
    to.string(1, key);
    const value = to.begin(2);
    writeValue(to, attributes[key]);
    to.end(value);
    to.end(start);
  }
};

/** The content of an AnyValue. */
const writeValue = (to: ProtobufWriter, value: unknown): void => {
  if (typeof value === 'string') to.string(1, value);
  else if (typeof value === 'boolean') to.uint32(2, value ? 1 : 0);
  else if (typeof value === 'number') writeNumber(to, value);
  else if (Array.isArray(value)) writeList(to, value);
};

/** JavaScript has one kind of number: a whole one is an integer as far as 64 bits go. */
const writeNumber = (to: ProtobufWriter, value: number): void => {
  if (Number.isInteger(value) && value >= -TWO_63 && value < TWO_63) to.int64(3, value);
  else to.double(4, value);
};

const writeList = (to: ProtobufWriter, values: readonly unknown[]): void => {
  const list = to.begin(5);
  for (const value of values) {
    const start = to.begin(1);
    writeValue(to, value);
    to.end(start);
  }
  to.end(list);
};

/** A ResourceSpans up to its spans, with one ScopeSpans, for `size` bytes of spans to follow. */
export const requestHead = (resource: Resource, scope: InstrumentationScope, size: number): Buffer => {
  const owner = new ProtobufWriter();
  const described = owner.begin(1);
  writeAttributes(owner, 1, resource.attributes);
  owner.end(described);
  if (resource.schemaUrl) owner.string(3, resource.schemaUrl);

  const maker = new ProtobufWriter();
  const named = maker.begin(1);
  maker.string(1, scope.name);
  if (scope.version) maker.string(2, scope.version);
  maker.end(named);
  if (scope.schemaUrl) maker.string(3, scope.schemaUrl);

  const scoped = maker.length + size;
  owner.head(2, scoped);
  const head = new ProtobufWriter();
  head.head(1, owner.length + scoped);
  return Buffer.concat([head.bytes(), owner.bytes(), maker.bytes()]);
};
