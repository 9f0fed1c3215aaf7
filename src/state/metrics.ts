import type { SourceState } from '../core/model/snapshot.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { KeeperStatus } from './keeper.ts';

export interface StateReadings {
  /** Undefined where nothing is kept. */
  readonly status: () => KeeperStatus | undefined;
  readonly consul: () => SourceState;
  readonly weights: () => SourceState;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Adds what is kept on disk, and what of it is in force, to `/metrics`. */
export const addStateMetrics = (metrics: Metrics, { status, consul, weights, now }: StateReadings): void => {
  metrics.add({
    kind: 'counter',
    name: 'sluice_state_writes_total',
    help: 'Writes of the last known good state to disk: written, or failed and tried again.',
    read: () => {
      const { written, failed } = status() ?? { written: 0, failed: 0 };
      return Object.entries({ written, failed }).map(([result, value]) => ({ labels: { result }, value }));
    },
  });
  metrics.add({
    kind: 'gauge',
    name: 'sluice_state_age_seconds',
    help: 'Since the state on disk was last known to be live; absent while none is there.',
    read: () => {
      const at = status()?.at;
      return at === undefined ? [] : [{ labels: {}, value: (now() - at) / 1_000 }];
    },
  });
  metrics.add({
    kind: 'gauge',
    name: 'sluice_last_known_age_seconds',
    help: 'Age of the state from disk that is in force for a source that was never there since the start; absent otherwise.',
    read: () =>
      Object.entries({ consul: consul(), weights: weights() }).flatMap(([source, { lastKnown }]) =>
        lastKnown === undefined ? [] : [{ labels: { source }, value: (now() - lastKnown) / 1_000 }],
      ),
  });
};
