import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NOWHERE, Where } from '../../src/core/model/where.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import type { RequestOutcome } from '../../src/telemetry/observer.ts';
import type { Reading } from '../../src/telemetry/readings.ts';
import { scrape } from './support/scrape.ts';

const V1 = new Where('orders /orders/*', 'orders', 'v1');
const V2 = new Where(V1.route, V1.service, 'v2');
const OK: RequestOutcome = { where: V1, status: 200, received: 0, sent: 0 };
const ATTEMPT = { where: V1, instanceId: 'i', address: '10.0.0.1', port: 1, resend: 0 };

const where = 'hop="gateway",route="orders /orders/*",service="orders",version="v1"';

describe('metrics', () => {
  it('count requests by where they went and how they ended', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    const hop = metrics.forHop('gateway');
    const ends: [string, RequestOutcome][] = [
      ['GET', OK],
      ['GET', { ...OK, status: 204 }],
      ['POST', { ...OK, received: 10, sent: 30 }],
      ['GET', { ...OK, status: 502, error: 'connect_failed', sent: 12 }],
      ['GET', { where: NOWHERE, status: 404, error: 'no_route', received: 0, sent: 0 }],
      ['GET', { ...OK, status: 799 }],
    ];
    for (const [method, outcome] of ends) {
      hop.requestStarted();
      hop.requestEnded(method, outcome, 0.003);
    }
    const samples = await scrape(metrics);
    const requests = (labels: string) => samples.get(`sluice_requests_total{${labels}}`);
    assert.equal(requests(`${where},method="GET",status="2xx",error=""`), 2);
    assert.equal(requests(`${where},method="POST",status="2xx",error=""`), 1);
    assert.equal(requests(`${where},method="GET",status="5xx",error="connect_failed"`), 1);
    assert.equal(requests(`${where},method="GET",status="other",error=""`), 1);
    assert.equal(
      requests('hop="gateway",route="",service="",version="",method="GET",status="4xx",error="no_route"'),
      1,
    );
    assert.equal(samples.get(`sluice_request_body_bytes_total{${where}}`), 10);
    assert.equal(samples.get(`sluice_response_body_bytes_total{${where}}`), 42);
  });

  it('put durations into cumulative buckets from 1 ms to 60 s', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    const hop = metrics.forHop('gateway');
    for (const seconds of [0.0005, 0.001, 0.0011, 2, 61]) hop.requestEnded('GET', OK, seconds);
    const samples = await scrape(metrics);
    const bucket = (le: string) =>
      samples.get(`sluice_request_duration_seconds_bucket{${where},status="2xx",le="${le}"}`) ??
      samples.get(`sluice_request_duration_seconds_bucket{le="${le}",${where},status="2xx"}`);
    assert.equal(bucket('0.001'), 2);
    assert.equal(bucket('0.0025'), 3);
    assert.equal(bucket('1'), 3);
    assert.equal(bucket('2.5'), 4);
    assert.equal(bucket('60'), 4);
    assert.equal(bucket('+Inf'), 5);
    assert.equal(samples.get(`sluice_request_duration_seconds_count{${where},status="2xx"}`), 5);
    const sum = samples.get(`sluice_request_duration_seconds_sum{${where},status="2xx"}`) ?? 0;
    assert.ok(Math.abs(sum - 63.0026) < 1e-9);
  });

  it('leave upgraded connections, which last for hours, out of the durations', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    metrics.forHop('gateway').requestEnded('GET', { ...OK, status: 101, upgraded: true }, 7200);
    const samples = await scrape(metrics);
    assert.equal(samples.get(`sluice_requests_total{${where},method="GET",status="1xx",error=""}`), 1);
    assert.deepEqual(
      [...samples.keys()].filter(key => key.startsWith('sluice_request_duration')),
      [],
    );
  });

  it('count attempts by result, and do not time those that the client left', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    const hop = metrics.forHop('gateway');
    hop.attemptEnded(ATTEMPT, { status: 200 }, 0.01);
    hop.attemptEnded(ATTEMPT, { status: 503 }, 0.01);
    hop.attemptEnded(ATTEMPT, { error: 'connect_failed' }, 0.01);
    hop.attemptEnded(ATTEMPT, { status: 200, error: 'upstream_reset' }, 0.01);
    hop.attemptEnded(ATTEMPT, { clientLeft: true }, 0.01);
    const samples = await scrape(metrics);
    const place = 'hop="gateway",service="orders",version="v1"';
    for (const result of ['2xx', '5xx', 'connect_failed', 'upstream_reset', 'client_left']) {
      assert.equal(samples.get(`sluice_attempts_total{${place},result="${result}"}`), 1, result);
    }
    assert.equal(samples.get(`sluice_attempt_duration_seconds_count{${place}}`), 4);
  });

  it('show what is under way, by hop', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    const inbound = metrics.forHop('sidecar-inbound');
    assert.equal(metrics.forHop('sidecar-inbound'), inbound);
    metrics.forHop('sidecar-outbound').requestStarted();
    inbound.requestStarted();
    inbound.requestStarted();
    inbound.requestEnded('GET', OK, 0.1);
    const samples = await scrape(metrics);
    assert.equal(samples.get('sluice_requests_in_flight{hop="sidecar-inbound"}'), 1);
    assert.equal(samples.get('sluice_requests_in_flight{hop="sidecar-outbound"}'), 1);
  });

  it('show the process and what is running', async () => {
    const samples = await scrape(createMetrics({ version: '0.1.0' }));
    assert.equal(samples.get(`sluice_build_info{version="0.1.0",node="${process.version}"}`), 1);
    assert.ok((samples.get('process_resident_memory_bytes') ?? 0) > 1e6);
    assert.ok(samples.has('nodejs_eventloop_lag_seconds'));
  });

  it('show what other parts keep, as it is at each scrape', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    let versions = ['v1', 'v2'];
    let revision = 4;
    metrics.add({ kind: 'gauge', name: 'sluice_snapshot_revision', help: 'h', read: () => revision });
    metrics.add({
      kind: 'gauge',
      name: 'sluice_weight',
      help: 'h',
      read: () => versions.map(version => ({ labels: { version }, value: 0.5 })),
    });
    metrics.add({ kind: 'counter', name: 'sluice_swaps_total', help: 'h', read: () => revision * 2 });
    const before = await scrape(metrics);
    assert.equal(before.get('sluice_snapshot_revision'), 4);
    assert.equal(before.get('sluice_weight{version="v1"}'), 0.5);
    versions = ['v2'];
    revision = 5;
    const after = await scrape(metrics);
    assert.equal(after.get('sluice_snapshot_revision'), 5);
    assert.equal(after.get('sluice_swaps_total'), 10);
    assert.equal(after.has('sluice_weight{version="v1"}'), false);
    assert.equal(after.get('sluice_weight{version="v2"}'), 0.5);
    assert.throws(
      () => metrics.add({ kind: 'gauge', name: 'sluice_weight', help: 'h', read: () => 1 }),
      /"sluice_weight" already/,
    );
  });

  it('show no gauge that has no value, with or without labels', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    let value: readonly Reading[] = [{ labels: {}, value: 3 }];
    metrics.add({ kind: 'gauge', name: 'sluice_state_age_seconds', help: 'h', read: () => value });
    assert.equal((await scrape(metrics)).get('sluice_state_age_seconds'), 3);
    value = [];
    assert.equal((await scrape(metrics)).has('sluice_state_age_seconds'), false);
  });

  it('show what became of spans', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    metrics.addSpanCounts(() => ({
      ended: 20,
      queued: 3,
      exporting: 1,
      exported: 10,
      failed: 4,
      dropped: 2,
    }));
    const samples = await scrape(metrics);
    assert.equal(samples.get('sluice_spans_total{result="exported"}'), 10);
    assert.equal(samples.get('sluice_spans_total{result="failed"}'), 4);
    assert.equal(samples.get('sluice_spans_total{result="dropped"}'), 2);
    assert.equal(samples.get('sluice_spans_queued'), 3);
  });

  it('forget routes, services and versions that are gone, and no others', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    const hop = metrics.forHop('gateway');
    const gone = new Where('users /users/*', 'users', 'v1');
    for (const where of [V1, V2, gone, NOWHERE])
      hop.requestEnded('GET', { where, status: 200, received: 1, sent: 1 }, 0.1);
    for (const where of [V1, V2, gone]) hop.attemptEnded({ ...ATTEMPT, where }, { status: 200 }, 0.1);
    metrics.retain({
      route: route => route === V1.route,
      version: (service, version) => service === 'orders' && version === 'v2',
    });
    const left = [...(await scrape(metrics)).keys()].filter(key => /_total\{hop/.test(key));
    assert.deepEqual(
      left.filter(key => key.includes('users') || key.includes('"v1"')),
      [],
    );
    assert.equal(left.filter(key => key.includes('"v2"')).length, 4);
    assert.equal(left.filter(key => key.includes('route=""')).length, 3);

    hop.requestEnded('GET', { ...OK, where: V2 }, 0.1);
    const again = await scrape(metrics);
    assert.equal(
      again.get(`sluice_requests_total{${where.replace('v1', 'v2')},method="GET",status="2xx",error=""}`),
      2,
    );
  });

  it('escape what route names may hold', async () => {
    const metrics = createMetrics({ version: '0.1.0' });
    metrics.forHop('gateway').requestEnded('GET', { ...OK, where: new Where('a"b\\c', '', '') }, 0.1);
    const keys = [...(await scrape(metrics)).keys()];
    assert.ok(keys.some(key => key.includes('route="a\\"b\\\\c"')));
  });
});
