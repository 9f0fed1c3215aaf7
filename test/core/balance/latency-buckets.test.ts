import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  bucketsOfRatio,
  LATENCY_BUCKETS,
  latencyBucket,
  latencyOf,
} from '../../../src/core/balance/latency-buckets.ts';

describe('a bucket of latencies', () => {
  const seconds = fc.double({ min: 1e-4, max: 99, noNaN: true });

  it('holds what is within 1.7 % of its middle', () => {
    fc.assert(
      fc.property(seconds, latency => {
        const off = latencyOf(latencyBucket(latency)) / latency;
        assert.ok(off > 1 / 1.017 && off < 1.017, `${off}`);
      }),
    );
  });

  it('exists for whatever there is', () => {
    for (const odd of [0, -1, Number.NaN, 1e-9]) assert.equal(latencyBucket(odd), 0);
    for (const long of [100, 1e9, Number.POSITIVE_INFINITY])
      assert.equal(latencyBucket(long), LATENCY_BUCKETS - 1);
  });

  it('is left behind by a ratio, never by fewer buckets than it takes', () => {
    fc.assert(
      fc.property(seconds, fc.double({ min: 1, max: 10, noNaN: true }), (latency, ratio) => {
        assert.ok(latencyBucket(latency * ratio) <= latencyBucket(latency) + bucketsOfRatio(ratio) + 1);
        assert.ok(10 ** (bucketsOfRatio(ratio) / 70) >= ratio * (1 - 1e-9));
      }),
    );
    assert.deepEqual([1, 1.1, 1.3, 2].map(bucketsOfRatio), [0, 3, 8, 22]);
  });
});
