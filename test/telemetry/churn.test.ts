import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Fleet } from '../../src/core/balance/fleet.ts';
import type { Instance } from '../../src/core/model/instance.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import { Where } from '../../src/core/model/where.ts';
import { addFleetMetrics } from '../../src/telemetry/fleet-metrics.ts';
import { liveIn } from '../../src/telemetry/live.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { addSnapshotMetrics } from '../../src/telemetry/snapshot-metrics.ts';
import { buildSnapshot, catalogOf, instance } from '../core/build.ts';
import { pageOf } from './support/scrape.ts';

const WAVES = 20;
const EACH = 50;

/** Each its own service, version and route. */
const waveOf = (n: number): Instance[] =>
  Array.from({ length: EACH }, (_, i) =>
    instance({ service: `s${n}-${i}`, tags: [`path=/p${n}-${i}`, `version=v${n}-${i}`] }),
  );

it('a thousand instances that come, serve, fail and go leave no more series than the fifty that are there', async () => {
  const metrics = createMetrics({ version: '0' });
  const fleet = new Fleet();
  let current: Snapshot | undefined;
  addFleetMetrics(metrics, fleet);
  addSnapshotMetrics(metrics, {
    snapshot: () => current && { snapshot: current, since: 0 },
    consulIsUp: () => true,
    consulRequests: () => 0,
    weightsAreUp: () => true,
    now: () => 0,
  });
  const hop = metrics.forHop('gateway');
  const sizes: number[] = [];
  for (let n = 0; n < WAVES; n += 1) {
    const wave = waveOf(n);
    current = buildSnapshot({
      catalog: catalogOf(...wave),
      weights: new Map(),
      policy: 'passing-only',
      tagPrefix: '',
    });
    metrics.retain(liveIn(current));
    fleet.retain(new Set(wave.map(({ id }) => id)));
    for (const [i, each] of wave.entries()) {
      const { service, id: instanceId, address, port } = each;
      const version = `v${n}-${i}`;
      const where = new Where(`/p${n}-${i}/*`, service, version);
      fleet.of({ instance: each, version }, 0);
      for (const status of [200, 503]) {
        hop.attemptEnded({ where, instanceId, address, port, resend: 0 }, { status }, 0.1);
        hop.requestStarted();
        hop.requestEnded('GET', { where, status, received: 1, sent: 1 }, 0.1);
      }
    }
    const page = await pageOf(metrics);
    assert.ok(page.includes(`route="/p${n}-0/*"`));
    assert.ok(
      !page.includes(`v${n - 1}-0"`) && !page.includes(`/p${n - 1}-0/`) && !page.includes(`s${n - 1}-0"`),
    );
    sizes.push(page.split('\n').filter(line => line.startsWith('sluice_')).length);
  }
  assert.deepEqual(new Set(sizes), new Set([sizes[0]]), 'as many lines for each wave');
});
