import { type Attributes, type AttributeValue, createTraceState, type SpanContext } from '@opentelemetry/api';
import fc from 'fast-check';

/** With what a careless encoder gets wrong: two, three and four bytes a character, halves of pairs, long ones. */
export const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom('a', '\u007f', '\u0080', '߿', 'ࠀ', '\ud800', '\udfff', '😀'),
    maxLength: 200,
  }),
);

const number = fc
  .oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true }), fc.constant(-0))
  // Beyond 64 bits OpenTelemetry's serialiser wraps round.
  .filter(n => !Number.isInteger(n) || Math.abs(n) <= Number.MAX_SAFE_INTEGER);

const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  text,
  number,
  fc.boolean(),
  fc.array(fc.option(text)),
  fc.array(fc.option(number)),
  fc.array(fc.option(fc.boolean())),
);

export const attributes: fc.Arbitrary<Attributes> = fc.dictionary(text, value, {
  maxKeys: 6,
  noNullPrototype: true,
});

const id = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .filter(ids => ids.some(byte => byte !== 0))
    .map(ids => Buffer.from(ids).toString('hex'));

export const spanContext: fc.Arbitrary<SpanContext> = fc
  .record({
    traceId: id(16),
    spanId: id(8),
    traceFlags: fc.constantFrom(0, 1),
    isRemote: fc.boolean(),
    state: fc.option(fc.constantFrom('vendor=1', 'a=1,b=2'), { nil: '' }),
  })
  .map(({ state, ...rest }) => ({ ...rest, traceState: createTraceState(state) }));
