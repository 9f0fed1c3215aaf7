import type { SpanContext, TraceState } from '@opentelemetry/api';
import type { SpanLimits } from '../span-limits.ts';
import type { AttributeKey } from './attributes.ts';
import type { Phrase } from './phrase.ts';
import type { ProtobufWriter } from './protobuf.ts';

/** A span, of which the rest is said at its end. */
export interface DrawnSpan<Outcome> {
  readonly context: SpanContext;
  /** Absent at the root of a trace. */
  readonly parent: SpanContext | undefined;
  /** Milliseconds since the epoch, with fractions. */
  readonly begunAt: number;
  /** Says name and kind, attributes, and whether it failed. Never throws. */
  describe(to: SpanWriter, outcome: Outcome): void;
}

/** The flags beside those of W3C say whether a context came over the wire (SpanFlags in trace.proto). */
const FLAGS_MASK = 0xff;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/** Bytes for the length of a span: one of 128 to 16,383 bytes takes so many. */
const ROOM = 2;

const TWO_12 = 2 ** 12;
const TWO_20 = 2 ** 20;
const TWO_32 = 2 ** 32;

/**
 * Writes spans as OTLP 1 has them (opentelemetry-proto, trace/v1/trace.proto, whose field numbers stand here), one
 * after the other, each as a `spans` of a ScopeSpans. Attributes beyond the limits are left out and counted, as
 * OpenTelemetry's SDK does.
 */
export class SpanWriter {
  readonly #to: ProtobufWriter;
  readonly #limits: SpanLimits;
  #attributes = 0;
  #dropped = 0;

  constructor(to: ProtobufWriter, limits: SpanLimits) {
    this.#to = to;
    this.#limits = limits;
  }

  /** @param endedAt milliseconds since the epoch, with fractions */
  write<Outcome>(span: DrawnSpan<Outcome>, outcome: Outcome, endedAt: number): void {
    const to = this.#to;
    const { context, parent } = span;
    this.#attributes = 0;
    this.#dropped = 0;
    const start = to.begin(2, ROOM);
    to.hex(1, context.traceId);
    to.hex(2, context.spanId);
    if (context.traceState !== undefined) writeTraceState(to, context.traceState);
    if (parent !== undefined) to.hex(4, parent.spanId);
    writeTime(to, 7, span.begunAt);
    writeTime(to, 8, endedAt);
    span.describe(this, outcome);
    if (this.#dropped > 0) to.uint32(10, this.#dropped);
    const remote = parent?.isRemote === true ? IS_REMOTE : 0;
    to.fixed32(16, (context.traceFlags & FLAGS_MASK) | HAS_IS_REMOTE | remote);
    to.end(start, ROOM);
  }

  say({ bytes, ends }: Phrase): void {
    const spoken = ends.length - 1;
    const fit = Math.min(spoken, this.#limits.attributeCount - this.#attributes);
    this.#attributes += fit;
    this.#dropped += spoken - fit;
    this.#to.raw(fit === spoken ? bytes : bytes.subarray(0, ends[fit]));
  }

  text(key: AttributeKey, value: string): void {
    if (!this.#hasRoom()) return;
    const { valueLength } = this.#limits;
    const to = this.#to;
    const start = to.begin(9);
    to.raw(key);
    const any = to.begin(2);
    to.string(1, value.length > valueLength ? value.slice(0, valueLength) : value);
    to.end(any);
    to.end(start);
  }

  /** @param value a whole number */
  whole(key: AttributeKey, value: number): void {
    if (!this.#hasRoom()) return;
    const to = this.#to;
    const start = to.begin(9);
    to.raw(key);
    const any = to.begin(2);
    to.int64(3, value);
    to.end(any);
    to.end(start);
  }

  number(key: AttributeKey, value: number): void {
    if (!this.#hasRoom()) return;
    const to = this.#to;
    const start = to.begin(9);
    to.raw(key);
    const any = to.begin(2);
    to.double(4, value);
    to.end(any);
    to.end(start);
  }

  #hasRoom(): boolean {
    const fits = this.#attributes < this.#limits.attributeCount;
    if (fits) this.#attributes += 1;
    else this.#dropped += 1;
    return fits;
  }
}

const writeTraceState = (to: ProtobufWriter, traceState: TraceState): void => {
  const text = traceState.serialize();
  if (text !== '') to.string(3, text);
};

/** Nanoseconds as 64 bits: more than a number holds exactly, so in two parts of the milliseconds, each times 10^6. */
const writeTime = (to: ProtobufWriter, field: number, milliseconds: number): void => {
  const whole = Math.floor(milliseconds);
  const nanos = Math.floor((milliseconds - whole) * 1e6);
  const upper = Math.floor(whole / TWO_20);
  const most = upper * 1e6;
  const rest = (whole - upper * TWO_20) * 1e6 + nanos;
  const high = Math.floor(most / TWO_12);
  const low = (most - high * TWO_12) * TWO_20 + rest;
  const carry = Math.floor(low / TWO_32);
  to.fixed64(field, high + carry, low - carry * TWO_32);
};
