import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type AccessLogEntry, createLineFormat } from '../../src/telemetry/access-line.ts';

/** With all that JSON escapes: quotes, controls, halves of pairs. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\u007f', '\u2028', '\ud800', 'é', '😀', 'a') }),
);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const entry: fc.Arbitrary<AccessLogEntry> = fc.record({
  time: fc.double({ min: 0, max: 4e12, noNaN: true }),
  hop: text,
  requestId: text,
  traceId: maybe(text),
  method: text,
  host: text,
  path: text,
  status: fc.integer({ min: 100, max: 999 }),
  error: maybe(text),
  route: maybe(text),
  service: maybe(text),
  version: maybe(text),
  instance: maybe(text),
  attempts: fc.nat(),
  durationMs: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  received: fc.maxSafeNat(),
  sent: fc.maxSafeNat(),
  clientAddress: text,
  userAgent: maybe(text),
  cut: maybe(fc.boolean()),
  upgraded: maybe(fc.boolean()),
});

describe('a line of the access log', () => {
  it('is what JSON.stringify would make of it, whatever was asked for', () => {
    const format = createLineFormat();
    fc.assert(
      fc.property(entry, one => {
        assert.equal(format(one), JSON.stringify({ ...one, time: new Date(one.time).toISOString() }));
      }),
      { numRuns: 500 },
    );
  });

  it('has its time to the millisecond, across seconds and back', () => {
    const format = createLineFormat();
    const [sample] = fc.sample(entry, 1);
    for (const time of [999.999, 1000, 1009.5, 1099, 60_000, 999]) {
      const line = format({ ...(sample as AccessLogEntry), time });
      assert.equal(JSON.parse(line).time, new Date(time).toISOString());
    }
  });
});
