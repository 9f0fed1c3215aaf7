import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { latencyBucket } from '../../src/core/balance/latency-buckets.ts';
import { Where } from '../../src/core/model/where.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { addCounted } from '../../src/telemetry/version-samples.ts';

const stage = () => {
  const metrics = createMetrics({ version: '0' });
  const hop = metrics.forHop('gateway');
  const v1 = new Where('/*', 'orders', 'v1');
  const v2 = new Where('/*', 'orders', 'v2');
  const attempt = (where: Where, outcome: object, seconds = 0.01): void =>
    hop.attemptEnded({ where, instanceId: 'i', address: 'a', port: 1, resend: 0 }, outcome, seconds);
  return { metrics, v1, v2, attempt };
};

describe('versions that somebody watches', () => {
  it('nothing is counted before, and what is comes by version', () => {
    const { metrics, v1, v2, attempt } = stage();
    attempt(v1, { status: 200 });
    assert.equal(metrics.counted().size, 0);
    metrics.watch([{ key: 'k', service: 'orders' }]);
    attempt(v1, { status: 200 });
    attempt(v2, { status: 404 });
    attempt(new Where('/x', 'other', 'v1'), { status: 200 });
    const counted = metrics.counted().get('k');
    assert.deepEqual([...(counted?.keys() ?? [])], ['v1', 'v2']);
    assert.equal(counted?.get('v1')?.requests, 1);
    assert.equal(counted?.get('v2')?.errors, 0);
    assert.equal(counted?.get('v2')?.latency[latencyBucket(0.01)], 1);
  });

  it('an error is a failure of the upstream or a 5xx, and no latency', () => {
    const { metrics, v2, attempt } = stage();
    metrics.watch([{ key: 'k', service: 'orders' }]);
    attempt(v2, { status: 500 });
    attempt(v2, { error: 'connect_failed' });
    attempt(v2, { status: 200, error: 'upstream_reset' });
    assert.deepEqual(metrics.counted().get('k')?.get('v2'), { requests: 3, errors: 3, latency: [] });
  });

  it('of a version that hangs, callers that leave tell', () => {
    const { metrics, v2, attempt } = stage();
    metrics.watch([{ key: 'k', service: 'orders' }]);
    attempt(v2, { clientLeft: true }, 5);
    const counted = metrics.counted().get('k')?.get('v2');
    assert.deepEqual([counted?.requests, counted?.errors, counted?.latency[latencyBucket(5)]], [1, 0, 1]);
  });

  it('the same key is counted on, another begins anew, and none ends it', () => {
    const { metrics, v2, attempt } = stage();
    metrics.watch([{ key: 'k', service: 'orders' }]);
    attempt(v2, { status: 200 });
    metrics.watch([
      { key: 'k', service: 'orders' },
      { key: 'c', service: 'cart' },
    ]);
    attempt(v2, { status: 200 });
    assert.equal(metrics.counted().get('k')?.get('v2')?.requests, 2);
    metrics.watch([{ key: 'l', service: 'orders' }]);
    attempt(v2, { status: 200 });
    assert.equal(metrics.counted().get('l')?.get('v2')?.requests, 1);
    assert.equal(metrics.counted().has('k'), false);
    metrics.watch([]);
    attempt(v2, { status: 200 });
    assert.equal(metrics.counted().size, 0);
  });

  it('of several processes they add up', () => {
    const one = new Map([['k', new Map([['v2', { requests: 2, errors: 1, latency: [1] }]])]]);
    const two = new Map([['k', new Map([['v2', { requests: 3, errors: 0, latency: [0, 3] }]])]]);
    assert.deepEqual(addCounted([one, two, new Map()]).get('k')?.get('v2'), {
      requests: 5,
      errors: 1,
      latency: [1, 3],
    });
  });
});
