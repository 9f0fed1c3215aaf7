import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Instance } from '../../src/core/model/instance.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import { listedIds } from '../../src/workers/listed.ts';
import { buildSnapshot, catalogOf, instance } from '../core/build.ts';

const snapshotOf = (instances: readonly Instance[]): Snapshot =>
  buildSnapshot({
    catalog: catalogOf(...instances),
    weights: new Map(),
    policy: 'passing-only',
    tagPrefix: '',
  });

const instances = Array.from({ length: 500 }, (_, i) =>
  instance({
    service: `s${i}`,
    serviceId: `s${i}`,
    tags: [`path=/s${i}`],
    health: i % 2 ? 'passing' : 'critical',
  }),
);
const idsOf = (all: readonly Instance[]): string[] => all.map(({ id }) => id).sort();

it('all instances are listed, routed or not, in several steps', () => {
  const snapshot = snapshotOf(instances);
  const work = listedIds(() => snapshot);
  let steps = 0;
  let step = work.next();
  for (; !step.done; step = work.next()) steps += 1;
  assert.ok(steps >= 5, `${steps} steps`);
  assert.deepEqual([...step.value].sort(), idsOf(instances));
});

it('an instance that comes between the steps is listed, too', () => {
  const come = instance({ service: 's0', serviceId: 'late', tags: ['path=/late'] });
  let snapshot = snapshotOf(instances);
  const work = listedIds(() => snapshot);
  assert.equal(work.next().done, false);
  snapshot = snapshotOf([come, ...instances]);
  let step = work.next();
  for (; !step.done; step = work.next());
  assert.ok(step.value.has(come.id));
});
