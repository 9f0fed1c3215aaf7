import { addCanaryMetrics } from '../../src/canary/metrics.ts';
import { loadConfig } from '../../src/config.ts';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { LimitState } from '../../src/core/limit/limit-state.ts';
import { RateLimit } from '../../src/core/limit/rate-limit.ts';
import type { SourceState } from '../../src/core/model/snapshot.ts';
import { Where } from '../../src/core/model/where.ts';
import { addStateMetrics } from '../../src/state/metrics.ts';
import { addAuthMetrics } from '../../src/telemetry/auth-metrics.ts';
import { addFleetMetrics } from '../../src/telemetry/fleet-metrics.ts';
import { addLimitMetrics, addSharedLimitMetrics } from '../../src/telemetry/limit-metrics.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { addMirrorMetrics } from '../../src/telemetry/mirror-metrics.ts';
import { addProxyMetrics } from '../../src/telemetry/proxy-metrics.ts';
import { addReloadMetrics } from '../../src/telemetry/reload-metrics.ts';
import { addSnapshotMetrics } from '../../src/telemetry/snapshot-metrics.ts';
import { openTelemetry } from '../../src/telemetry/telemetry.ts';
import { addWorkerMetrics } from '../../src/telemetry/worker-metrics.ts';
import { buildSnapshot, catalogOf, instance } from '../core/build.ts';
import { pageOf } from '../telemetry/support/scrape.ts';

/** What `/metrics` says where everything has happened once, so that each metric shows its labels. */
export const fullMetricsPage = async (): Promise<string> => {
  const telemetry = openTelemetry(loadConfig({ flags: { accessLog: 'off' }, env: {} }), silentLog);
  const { metrics } = telemetry;
  const orders = instance({ service: 'orders', tags: ['path=/orders'] });
  const where = new Where('/orders/*', 'orders', 'default');
  const request = telemetry.observer('gateway').begin({
    method: 'GET',
    path: '/orders',
    scheme: 'http',
    authority: 'x.test',
    protocolVersion: '1.1',
    clientAddress: '127.0.0.1',
    requestId: 'id',
    rawHeaders: [],
  });
  const { id: instanceId, address, port } = orders;
  request.attempt({ where, instanceId, address, port, resend: 0 }).end({ status: 200 });
  request.end({ where, status: 200, received: 1, sent: 1 });
  const fleet = new Fleet();
  fleet.of({ instance: orders, version: 'default' }, 0);
  addFleetMetrics(metrics, fleet);
  addProxyMetrics(metrics, () => ({
    connections: 0,
    handshakes: 0,
    failedHandshakes: 0,
    unproxied: { any: 0 },
    shed: { any: 0 },
    shedShare: 0,
    loopDelay: 0,
  }));
  const snapshot = buildSnapshot({
    catalog: catalogOf(orders),
    weights: new Map([['orders', { revision: 0, problem: 'any' }]]),
    policy: 'passing-only',
    tagPrefix: '',
  });
  addSnapshotMetrics(metrics, {
    snapshot: () => ({ snapshot, since: 0 }),
    consulIsUp: () => true,
    consulRequests: () => 0,
    weightsAreUp: () => true,
    now: () => 0,
  });
  const state: SourceState = { state: 'up', since: 0, lastKnown: 0 };
  addStateMetrics(metrics, {
    status: () => undefined,
    consul: () => state,
    weights: () => state,
    now: () => 0,
  });
  addCanaryMetrics(metrics, {
    leads: () => false,
    running: () => 0,
    steps: () => 0,
    over: () => new Map([['promoted', 0]]),
  });
  addReloadMetrics(metrics, {
    counts: () => ({ done: 0, refused: 0 }),
    isGood: () => true,
    loadedAt: () => 0,
  });
  addWorkerMetrics(metrics, { states: () => [], deaths: () => 0 });
  const limit = new RateLimit('/orders/*', { type: 'rate-limit', requests: 1, window: 1_000 });
  addLimitMetrics(metrics, () => [new LimitState(limit, false, 1)]);
  addSharedLimitMetrics(metrics, () => true);
  const reading = { service: 'orders', version: 'default', result: 'any', count: 0 };
  addAuthMetrics(metrics, () => [reading]);
  addMirrorMetrics(metrics, () => [reading]);
  const page = await pageOf(metrics);
  await telemetry.close();
  return page;
};
