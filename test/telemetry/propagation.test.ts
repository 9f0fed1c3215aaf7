import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPropagation, type PropagatorName, readPropagators } from '../../src/telemetry/propagation.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const OTHER = `00-11111111111111111111111111111111-2222222222222222-01`;

const through = (names: readonly PropagatorName[], rawHeaders: readonly string[]) => {
  const propagation = createPropagation(names);
  const caller = propagation.extract(rawHeaders);
  const { span } = caller;
  return { span, headers: span === undefined ? [] : propagation.inject(caller, span) };
};

describe('traceparent (W3C Trace Context, 3.2)', () => {
  const accepted: Record<string, [string, number]> = {
    sampled: [`00-${TRACE}-${SPAN}-01`, 1],
    'not sampled': [`00-${TRACE}-${SPAN}-00`, 0],
    'unknown flag bits are not kept': [`00-${TRACE}-${SPAN}-ff`, 1],
    'a later version': [`cc-${TRACE}-${SPAN}-01`, 1],
    'a later version with more to say': [`cc-${TRACE}-${SPAN}-01-what-the-future-holds`, 1],
    'blanks around it': [` 00-${TRACE}-${SPAN}-01\t`, 1],
  };
  for (const [name, [header, flags]] of Object.entries(accepted)) {
    it(`goes on: ${name}`, () => {
      const { span, headers } = through(['tracecontext'], ['TraceParent', header]);
      assert.deepEqual(span, { traceId: TRACE, spanId: SPAN, traceFlags: flags, isRemote: true });
      assert.deepEqual(headers, ['traceparent', `00-${TRACE}-${SPAN}-0${flags}`]);
    });
  }

  const refused: Record<string, string> = {
    'version ff': `ff-${TRACE}-${SPAN}-01`,
    'version 00 with more to say': `00-${TRACE}-${SPAN}-01-x`,
    'a trace id of zeros': `00-${'0'.repeat(32)}-${SPAN}-01`,
    'a span id of zeros': `00-${TRACE}-${'0'.repeat(16)}-01`,
    'upper case': `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    'a short trace id': `00-${TRACE.slice(1)}-${SPAN}-01`,
    'a long span id': `00-${TRACE}-${SPAN}0-01`,
    'no flags': `00-${TRACE}-${SPAN}`,
    'a later version glued to its extension': `cc-${TRACE}-${SPAN}-01x`,
    nothing: '',
    'a header line smuggled in': `00-${TRACE}-${SPAN}-01\r\nx: y`,
  };
  for (const [name, header] of Object.entries(refused)) {
    it(`begins anew: ${name}`, () => {
      const { span, headers } = through(['tracecontext'], ['traceparent', header, 'tracestate', 'a=1']);
      assert.equal(span, undefined);
      assert.deepEqual(headers, []);
    });
  }

  it('begins anew where there are two, even in different spelling', () => {
    const two = ['traceparent', `00-${TRACE}-${SPAN}-01`, 'Host', 'x', 'Traceparent', OTHER];
    assert.equal(through(['tracecontext'], two).span, undefined);
  });

  it('is not looked for in the values of other headers', () => {
    assert.equal(through(['tracecontext'], ['x-note', 'traceparent', 'accept', OTHER]).span, undefined);
  });
});

describe('tracestate (W3C Trace Context, 3.3)', () => {
  const state = (...values: string[]): string | undefined => {
    const raw = ['traceparent', `00-${TRACE}-${SPAN}-01`, ...values.flatMap(value => ['tracestate', value])];
    const { span, headers } = through(['tracecontext'], raw);
    assert.equal(span?.traceId, TRACE, 'a bad tracestate must not cost the traceparent');
    return headers[3];
  };
  const cases: [string, string[], string | undefined][] = [
    ['goes on as it came', ['foo=1,bar=2'], 'foo=1,bar=2'],
    ['several headers are joined in order', ['foo=1', 'bar=2,baz=3'], 'foo=1,bar=2,baz=3'],
    ['empty members and blanks are passed over', ['foo=1 , , bar=2', ''], 'foo=1,bar=2'],
    ['a tenant before its system', ['fw529a3039@dt=FfAb'], 'fw529a3039@dt=FfAb'],
    ['32 members', [members(32)], members(32)],
    ['33 members are too many', [members(33)], undefined],
    ['a key that ends in @', ['foo@=1,bar=2'], undefined],
    ['a key that begins with @', ['@foo=1,bar=2'], undefined],
    ['two @', ['foo@@bar=1,bar=2'], undefined],
    ['an upper-case key', ['Foo=1'], undefined],
    ['a key with a blank', ['foo =1'], undefined],
    ['a second =', ['foo=bar=baz'], undefined],
    ['no value', ['foo='], undefined],
    ['a key of 256 characters', [`${'z'.repeat(256)}=1`], `${'z'.repeat(256)}=1`],
    ['a key of 257 characters', [`${'z'.repeat(257)}=1`], undefined],
  ];
  for (const [name, values, expected] of cases) {
    it(name, () => assert.equal(state(...values), expected));
  }
});

function members(count: number): string {
  return Array.from({ length: count }, (_, i) => `k${i}=v`).join(',');
}

describe('b3', () => {
  const multi = ['X-B3-TraceId', TRACE, 'X-B3-SpanId', SPAN, 'X-B3-Sampled', '1'];

  it('is read from one header and written as one', () => {
    const { span, headers } = through(['b3'], ['B3', `${TRACE}-${SPAN}-1`]);
    assert.equal(span?.traceId, TRACE);
    assert.equal(span?.traceFlags, 1);
    assert.deepEqual(headers, ['b3', `${TRACE}-${SPAN}-1`]);
  });

  it('is read from several headers and written as several', () => {
    const { span, headers } = through(['b3multi'], multi);
    assert.equal(span?.traceId, TRACE);
    assert.deepEqual(headers, ['x-b3-traceid', TRACE, 'x-b3-spanid', SPAN, 'x-b3-sampled', '1']);
  });

  it('is read in the other spelling too, and both spellings are replaced', () => {
    assert.deepEqual(through(['b3'], multi).headers, ['b3', `${TRACE}-${SPAN}-1`]);
    const { fields } = createPropagation(['b3']);
    for (const name of ['b3', 'x-b3-traceid', 'x-b3-parentspanid', 'x-b3-flags']) assert.ok(fields.has(name));
  });

  it('hands on that a trace is to be debugged', () => {
    const { headers } = through(['b3'], ['b3', `${TRACE}-${SPAN}-d`]);
    assert.deepEqual(headers, ['b3', `${TRACE}-${SPAN}-d`]);
  });

  it('begins anew where there are two', () => {
    assert.equal(through(['b3'], ['b3', `${TRACE}-${SPAN}-1`, 'b3', `${TRACE}-${SPAN}-0`]).span, undefined);
  });

  it('stands beside W3C: both are written, the later one is believed', () => {
    const both = ['traceparent', OTHER, 'b3', `${TRACE}-${SPAN}-1`];
    const { span, headers } = through(['tracecontext', 'b3'], both);
    assert.equal(span?.traceId, TRACE);
    assert.deepEqual(headers, ['traceparent', `00-${TRACE}-${SPAN}-01`, 'b3', `${TRACE}-${SPAN}-1`]);
  });
});

describe('OTEL_PROPAGATORS', () => {
  const cases: [string | undefined, readonly PropagatorName[]][] = [
    [undefined, ['tracecontext', 'baggage']],
    ['', ['tracecontext', 'baggage']],
    ['tracecontext', ['tracecontext']],
    [' b3multi , tracecontext,b3multi', ['b3multi', 'tracecontext']],
    ['none', ['none']],
  ];
  for (const [text, names] of cases) {
    it(`"${text}" means ${names}`, () => assert.deepEqual(readPropagators(text), names));
  }

  it('names what is unknown and what is known', () => {
    assert.throws(
      () => readPropagators('tracecontext,jaeger'),
      /"jaeger" is not supported.*tracecontext, baggage, b3/,
    );
  });

  it('leaves baggage to the application: not ours to replace', () => {
    const { fields } = createPropagation(['tracecontext', 'baggage']);
    assert.deepEqual([...fields], ['traceparent', 'tracestate']);
  });
});
