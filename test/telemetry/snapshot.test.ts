import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Instance } from '../../src/core/model/instance.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { AllWeights } from '../../src/core/model/split.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { logSwap } from '../../src/telemetry/snapshot-log.ts';
import { addSnapshotMetrics } from '../../src/telemetry/snapshot-metrics.ts';
import { buildSnapshot, catalogOf, instance } from '../core/build.ts';
import { pageOf } from './support/scrape.ts';

const snapshot = (instances: Instance[], weights: AllWeights = new Map()): Snapshot =>
  buildSnapshot({ catalog: catalogOf(...instances), weights, policy: 'passing-only', tagPrefix: '' });

const weights = (of: Record<string, number>): AllWeights =>
  new Map([['orders', { weights: new Map(Object.entries(of)), revision: 1 }]]);

const v1 = instance({ service: 'orders', tags: ['path=/orders', 'version=v1'] });
const v2 = instance({ service: 'orders', tags: ['path=/orders', 'version=v2'] });
const typo = instance({ service: 'typo', tags: ['pth=/typo'] });
const heavier = (modifyIndex: number, weight: number): Instance =>
  instance({ service: 'orders', tags: ['path=/orders', 'version=v2', `weight=${weight}`], modifyIndex });
const many = instance({ service: 'many', tags: Array.from({ length: 51 }, (_, i) => `path=/many/${i}`) });
const bad = instance({ service: 'bad', tags: ['path=bad'] });

/** `level message` of each line. */
const told = (previous: Snapshot | undefined, next: Snapshot): string[] => {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (_fields: unknown, message?: string): void =>
      void lines.push(`${level} ${message}`);
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  logSwap(log, previous, next, 0);
  return lines;
};

describe('what the log says of a swap', () => {
  const table: [name: string, previous: Snapshot | undefined, next: Snapshot, lines: string[]][] = [
    ['the first', undefined, snapshot([v1, bad]), ['info route added', 'warn quarantined']],
    ['nothing new', snapshot([v1]), snapshot([v1]), []],
    ['a route that went', snapshot([v1]), snapshot([]), ['info route removed']],
    ['more routes than anybody reads', snapshot([v1]), snapshot([v1, many]), ['info routes added']],
    ['as many that went', snapshot([v1, many]), snapshot([v1]), ['info routes removed']],
    ['a tag that was mended', snapshot([bad]), snapshot([{ ...bad, tags: [] }]), ['info out of quarantine']],
    ['a tag that looks mistyped', snapshot([]), snapshot([typo]), ['warn a tag may be mistyped']],
    ['a mistyped tag that was mended', snapshot([typo]), snapshot([{ ...typo, tags: [] }]), []],
    [
      'instances that go on disagreeing, in other words',
      snapshot([v1, heavier(1, 1), heavier(2, 2)]),
      snapshot([v1, heavier(1, 1), heavier(3, 3)]),
      ['warn quarantined', 'info split changed'],
    ],
    ['what lasts is told once', snapshot([v1, bad]), snapshot([v1, v2, bad]), ['info split changed']],
    ['another split', snapshot([v1]), snapshot([v1, v2]), ['info split changed']],
    [
      'everyone that the weights name is dead',
      snapshot([v1, v2], weights({ v1: 1 })),
      snapshot([v2], weights({ v1: 1 })),
      [
        'info split changed',
        'warn every version that the weights name is dead: live versions that they do not name serve',
      ],
    ],
    [
      'an instance is held',
      snapshot([v1]),
      snapshot([{ ...v1, heldUntil: 1 }]),
      ['warn Consul no longer lists instances of it: they are held'],
    ],
    [
      'a held instance is back',
      snapshot([{ ...v1, heldUntil: 1 }]),
      snapshot([v1]),
      ['info held instances are back, or their time is up'],
    ],
  ];
  for (const [name, previous, next, lines] of table) {
    it(name, () => assert.deepEqual(told(previous, next), lines));
  }
});

it('metrics follow the snapshot, and series of what is gone are gone', async () => {
  const metrics = createMetrics({ version: '0' });
  let current: Snapshot | undefined;
  addSnapshotMetrics(metrics, {
    snapshot: () => current && { snapshot: current, since: 1_000 },
    consulIsUp: () => true,
    consulRequests: () => 0,
    weightsAreUp: () => false,
    now: () => 3_500,
  });
  const lines = async (): Promise<string[]> => (await pageOf(metrics)).split('\n');
  assert.ok((await lines()).includes('sluice_snapshot_revision 0'));
  current = snapshot([v1, v2, bad], weights({ v1: 3, v2: 1 }));
  const full = await lines();
  for (const line of [
    'sluice_consul_up 1',
    'sluice_weights_up 0',
    'sluice_snapshot_revision 1',
    'sluice_snapshot_age_seconds 2.5',
    'sluice_routes 1',
    'sluice_quarantined{kind="tag"} 1',
    'sluice_instances{service="orders",health="passing"} 2',
    'sluice_split_share{service="orders",version="v1"} 0.75',
  ]) {
    assert.ok(full.includes(line), line);
  }
  current = snapshot([]);
  assert.ok(!(await lines()).some(line => line.includes('orders')));
});
