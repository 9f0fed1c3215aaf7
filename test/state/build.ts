import type { Instance } from '../../src/core/model/instance.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { ServiceWeights } from '../../src/core/model/split.ts';
import { buildSnapshot, catalogOf } from '../core/build.ts';

export const ORIGIN = '127.0.0.1:8500 redis://127.0.0.1:6379 sluice:';

export const snapshotOf = (
  instances: readonly Instance[],
  weights: Readonly<Record<string, ServiceWeights>> = {},
): Snapshot =>
  buildSnapshot({
    catalog: catalogOf(...instances),
    weights: new Map(Object.entries(weights)),
    policy: 'passing-only',
    tagPrefix: '',
  });
