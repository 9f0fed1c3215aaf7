import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Attributes,
  type AttributeValue,
  createTraceState,
  type HrTime,
  ROOT_CONTEXT,
  type SpanContext,
  type SpanStatus,
  trace,
} from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { requestHead, writeSpan } from '../../../src/telemetry/otlp/encode.ts';
import { ProtobufWriter } from '../../../src/telemetry/otlp/protobuf.ts';
import { decodeRequest, decodeTraces } from '../../support/otlp-decode.ts';

interface Recipe {
  readonly name: string;
  readonly kind: number;
  readonly parent: SpanContext | undefined;
  readonly attributes: Attributes;
  readonly start: HrTime;
  readonly lasts: number;
  readonly events: readonly { name: string; attributes: Attributes; time: HrTime }[];
  readonly links: readonly { context: SpanContext; attributes: Attributes }[];
  readonly status: SpanStatus;
}

/** Spans as the real SDK makes them, its limits included. */
const make = (recipes: readonly Recipe[], resource: Attributes = {}): ReadableSpan[] => {
  const ended: ReadableSpan[] = [];
  const provider = new BasicTracerProvider({
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes(resource, { schemaUrl: 'https://opentelemetry.io/schemas/1.30.0' }),
    spanLimits: { attributeCountLimit: 4, eventCountLimit: 2, linkCountLimit: 2 },
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: span => ended.push(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  const tracer = provider.getTracer('müller', '1.2.3', { schemaUrl: 'https://example.com/scope' });
  for (const { name, kind, parent, attributes, start, lasts, events, links, status } of recipes) {
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const span = tracer.startSpan(name, { kind, attributes, startTime: start, links: [...links] }, context);
    for (const event of events) span.addEvent(event.name, event.attributes, event.time);
    span.setStatus(status).end([start[0] + lasts, start[1]]);
  }
  return ended;
};

const ours = (spans: readonly ReadableSpan[]): Uint8Array => {
  const [first] = spans;
  assert.ok(first !== undefined);
  const body = new ProtobufWriter(1);
  for (const span of spans) writeSpan(body, span);
  const head = requestHead(first.resource, first.instrumentationScope, body.length);
  return Buffer.concat([head, body.bytes()]);
};

const theirs = (spans: readonly ReadableSpan[]): Uint8Array =>
  ProtobufTraceSerializer.serializeRequest([...spans]) ?? new Uint8Array();

/** What surrounds the spans: resource, scope, and their schemas. */
const frame = (bytes: Uint8Array) =>
  decodeRequest(bytes).resourceSpans.map(({ scopeSpans, ...resource }) => ({
    ...resource,
    scopeSpans: scopeSpans.map(({ spans, ...scope }) => ({ ...scope, spans: spans.length })),
  }));

/** With what a careless encoder gets wrong: two, three and four bytes a character, halves of pairs, long ones. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom('a', '\u007f', '\u0080', '߿', 'ࠀ', '\ud800', '\udfff', '😀'),
    maxLength: 200,
  }),
);

const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true }), fc.constant(-0));

const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  text,
  number.filter(wholeNumbersFit),
  fc.boolean(),
  fc.array(fc.option(text)),
  fc.array(fc.option(number.filter(wholeNumbersFit))),
  fc.array(fc.option(fc.boolean())),
);

/** Beyond 64 bits the other serialiser wraps round; see the test of its own below. */
function wholeNumbersFit(n: number): boolean {
  return !Number.isInteger(n) || Math.abs(n) <= Number.MAX_SAFE_INTEGER;
}

const attributes = fc.dictionary(text, value, { maxKeys: 6, noNullPrototype: true });

const id = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .filter(ids => ids.some(byte => byte !== 0))
    .map(ids => Buffer.from(ids).toString('hex'));

const context: fc.Arbitrary<SpanContext> = fc
  .record({
    traceId: id(16),
    spanId: id(8),
    traceFlags: fc.constantFrom(0, 1, 0xff),
    isRemote: fc.boolean(),
    state: fc.option(fc.constantFrom('vendor=1', 'a=1,b=2'), { nil: '' }),
  })
  .map(({ state, ...rest }) => ({ ...rest, traceState: createTraceState(state) }));

/** Up to the year 2554, when 64 bits of nanoseconds end. */
const time: fc.Arbitrary<HrTime> = fc.tuple(
  fc.oneof(fc.nat({ max: 0xffff }), fc.integer({ min: 1_700_000_000, max: 18_000_000_000 })),
  fc.nat({ max: 999_999_999 }),
);

const recipe: fc.Arbitrary<Recipe> = fc.record({
  name: text,
  kind: fc.nat({ max: 4 }),
  parent: fc.option(context, { nil: undefined }),
  attributes,
  start: time,
  lasts: fc.nat({ max: 100_000 }),
  events: fc.array(fc.record({ name: text, attributes, time }), { maxLength: 4 }),
  links: fc.array(fc.record({ context, attributes }), { maxLength: 4 }),
  status: fc.oneof(
    fc.record({ code: fc.nat({ max: 2 }) }),
    fc.record({ code: fc.nat({ max: 2 }), message: text }),
  ),
});

const PLAIN: Recipe = {
  name: 'GET',
  kind: 1,
  parent: undefined,
  attributes: {},
  start: [1_700_000_000, 123_456_789],
  lasts: 1,
  events: [],
  links: [],
  status: { code: 0 },
};

describe('spans as OTLP protobuf', () => {
  it("mean the same as what OpenTelemetry's own serialiser makes of them", () => {
    fc.assert(
      fc.property(fc.array(recipe, { minLength: 1, maxLength: 4 }), attributes, (recipes, resource) => {
        const spans = make(recipes, resource);
        assert.equal(spans.length, recipes.length);
        assert.deepEqual(decodeTraces(ours(spans)), decodeTraces(theirs(spans)));
        assert.deepEqual(frame(ours(spans)), frame(theirs(spans)));
      }),
      { numRuns: 300 },
    );
  });

  it('hold times to the nanosecond', () => {
    for (const [seconds, nanos] of [
      [0, 0],
      [1_700_000_000, 1],
      [4_294_967_295, 999_999_999],
      [18_446_744_073, 709_551_614],
    ] as const) {
      const [span] = decodeTraces(ours(make([{ ...PLAIN, start: [seconds, nanos], lasts: 0 }])));
      assert.equal(span?.startNanos, BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
    }
  });

  it('hold a whole number as far as 64 bits go, and one beyond as a double', () => {
    const numbers = [2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 2 ** 62, -(2 ** 63), 2 ** 63, -(2 ** 64), 1e300];
    for (const n of numbers) {
      const [span] = decodeTraces(ours(make([{ ...PLAIN, attributes: { n } }])));
      assert.equal(span?.attributes.n, n);
    }
  });

  it('hold values whose length takes more than one byte', () => {
    for (const length of [94, 95, 96, 97, 127, 128, 16_383, 16_384, 100_000]) {
      for (const character of ['a', 'é']) {
        const long = character.repeat(length);
        const attributes = { [long]: long, list: [long, long] };
        const [span] = decodeTraces(ours(make([{ ...PLAIN, name: long, attributes }])));
        assert.equal(span?.name, long);
        assert.deepEqual(span.attributes, attributes);
      }
    }
  });
});
