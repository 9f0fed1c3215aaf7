import type { Metrics } from '../telemetry/metrics.ts';

export interface CanaryReadings {
  readonly leads: () => boolean;
  readonly running: () => number;
  readonly steps: () => number;
  /** By outcome. */
  readonly over: () => ReadonlyMap<string, number>;
}

/** Adds rollouts to `/metrics`. What was done is counted by whoever led then. */
export const addCanaryMetrics = (metrics: Metrics, { leads, running, steps, over }: CanaryReadings): void => {
  metrics.add({
    kind: 'gauge',
    name: 'sluice_canary_leads',
    help: 'Whether this gateway leads the rollouts: 1 of one at most, while there are some.',
    read: () => Number(leads()),
  });
  metrics.add({
    kind: 'gauge',
    name: 'sluice_canary_running',
    help: 'Rollouts that run; every gateway tells the same.',
    read: running,
  });
  metrics.add({
    kind: 'counter',
    name: 'sluice_canary_steps_total',
    help: 'Steps of rollouts that this gateway began.',
    read: steps,
  });
  metrics.add({
    kind: 'counter',
    name: 'sluice_canary_over_total',
    help: 'Rollouts that this gateway ended: promoted, rolled back, aborted, overtaken or refused.',
    read: () => [...over()].map(([outcome, value]) => ({ labels: { outcome }, value })),
  });
};
