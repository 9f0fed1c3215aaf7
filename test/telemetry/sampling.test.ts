import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SpanContext } from '@opentelemetry/api';
import {
  createSampler,
  createTokenBucket,
  readSampler,
  type SamplingOptions,
} from '../../src/telemetry/sampling.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
/** Falls under any ratio that asks the id. */
const LOW_TRACE = `${'0'.repeat(31)}1`;

const caller = (sampled: boolean, isRemote = true, traceId = TRACE): SpanContext => ({
  traceId,
  spanId: 'b7ad6b7169203331',
  traceFlags: sampled ? 1 : 0,
  isRemote,
});

const sampler = (options: Partial<SamplingOptions>) => {
  const built = createSampler({
    sampler: { ratio: 0, parentBased: true },
    trust: 'cap',
    forcedPerSecond: 3,
    now: () => 0,
    chance: () => 0.5,
    ...options,
  });
  return (parent?: SpanContext, traceId = TRACE): boolean => built(parent, traceId);
};

describe('sampling', () => {
  it('begins traces by the ratio', () => {
    assert.equal(sampler({ sampler: { ratio: 0.6, parentBased: true } })(), true);
    assert.equal(sampler({ sampler: { ratio: 0.5, parentBased: true } })(), false);
    assert.equal(sampler({ sampler: { ratio: 0, parentBased: true }, chance: () => 0 })(), false);
    assert.equal(sampler({ sampler: { ratio: 1, parentBased: true }, chance: () => 0.999 })(), true);
  });

  it('follows a caller that does not sample', () => {
    assert.equal(sampler({ sampler: { ratio: 1, parentBased: true } })(caller(false)), false);
  });

  it('follows its own spans whatever the trust', () => {
    for (const trust of ['cap', 'honour', 'ignore'] as const) {
      const decide = sampler({ trust, forcedPerSecond: 0 });
      assert.equal(decide(caller(true, false)), true);
      assert.equal(decide(caller(false, false)), false);
    }
  });

  it('cap: follows a caller that samples for so many traces a second, then falls to the ratio', () => {
    let now = 0;
    const decide = sampler({ now: () => now });
    const burst = (): number => Array.from({ length: 10 }, () => decide(caller(true))).filter(Boolean).length;
    assert.equal(burst(), 3);
    now += 1000;
    assert.equal(burst(), 3);
    now += 333;
    assert.equal(burst(), 0);
    now += 1;
    assert.equal(burst(), 1);
    now += 60_000;
    assert.equal(burst(), 3);
  });

  it('cap: a chosen trace id does not slip under the ratio', () => {
    const decide = sampler({ sampler: { ratio: 0.1, parentBased: true }, forcedPerSecond: 0 });
    assert.equal(decide(caller(true, true, LOW_TRACE), LOW_TRACE), false);
  });

  it('honour: follows every caller that samples', () => {
    const decide = sampler({ trust: 'honour', forcedPerSecond: 0 });
    assert.equal(decide(caller(true)), true);
  });

  it('ignore: the ratio alone decides', () => {
    assert.equal(sampler({ trust: 'ignore' })(caller(true)), false);
    assert.equal(sampler({ trust: 'ignore', sampler: { ratio: 1, parentBased: true } })(caller(false)), true);
  });

  it('a sampler that asks no parent judges by the trace id, as every other such sampler does', () => {
    const decide = sampler({ sampler: { ratio: 0.1, parentBased: false } });
    assert.equal(decide(caller(false, true, LOW_TRACE), LOW_TRACE), true);
    assert.equal(decide(caller(true), TRACE), false);
    assert.equal(decide(undefined, LOW_TRACE), true);
  });
});

describe('the token bucket', () => {
  it('never holds more than a second', () => {
    let now = 0;
    const take = createTokenBucket(2, () => now);
    now = 3_600_000;
    assert.deepEqual([take(), take(), take()], [true, true, false]);
  });

  it('is shut at 0', () => {
    assert.equal(createTokenBucket(0, () => 1e9)(), false);
  });
});

describe('OTEL_TRACES_SAMPLER', () => {
  const cases: [string | undefined, string | undefined, { ratio: number; parentBased: boolean }][] = [
    [undefined, undefined, { ratio: 1, parentBased: true }],
    [undefined, '0.25', { ratio: 0.25, parentBased: true }],
    ['always_on', undefined, { ratio: 1, parentBased: false }],
    ['always_off', '1', { ratio: 0, parentBased: false }],
    ['traceidratio', '0.1', { ratio: 0.1, parentBased: false }],
    ['parentbased_always_on', undefined, { ratio: 1, parentBased: true }],
    ['parentbased_always_off', undefined, { ratio: 0, parentBased: true }],
    ['parentbased_traceidratio', '1e-3', { ratio: 0.001, parentBased: true }],
    ['parentbased_traceidratio', undefined, { ratio: 1, parentBased: true }],
  ];
  for (const [name, argument, expected] of cases) {
    it(`${name} ${argument ?? ''}`, () => assert.deepEqual(readSampler(name, argument), expected));
  }

  for (const [name, argument, message] of [
    ['jaeger_remote', undefined, /"jaeger_remote" is not supported; known are always_on/],
    ['traceidratio', '2', /"2" is not a share from 0 to 1/],
    ['traceidratio', '-0.1', /"-0.1" is not a share/],
    ['parentbased_traceidratio', 'half', /"half" is not a share/],
    ['traceidratio', ' ', /" " is not a share/],
  ] as const) {
    it(`refuses ${name} ${argument ?? ''}`, () => assert.throws(() => readSampler(name, argument), message));
  }
});
