import type { Metrics } from './metrics.ts';

export interface ReloadReadings {
  /** Since the start. */
  readonly counts: () => { readonly done: number; readonly refused: number };
  /** Whether the last one, or the start, put in force what is said. */
  readonly isGood: () => boolean;
  /** Epoch milliseconds of the last one that did. */
  readonly loadedAt: () => number;
}

/** Adds what became of the settings to `/metrics`. */
export const addReloadMetrics = (metrics: Metrics, { counts, isGood, loadedAt }: ReloadReadings): void => {
  metrics.add({
    kind: 'counter',
    name: 'sluice_config_reloads_total',
    help: 'Times that the settings were read again (SIGHUP): done, or refused because something was wrong.',
    read: () => Object.entries(counts()).map(([result, value]) => ({ labels: { result }, value })),
  });
  metrics.add({
    kind: 'gauge',
    name: 'sluice_config_last_reload_successful',
    help: '1 while the settings as they were read last are in force, 0 after they were refused.',
    read: () => Number(isGood()),
  });
  metrics.add({
    kind: 'gauge',
    name: 'sluice_config_last_reload_success_timestamp_seconds',
    help: 'When settings were read without a problem, Unix time.',
    read: () => loadedAt() / 1_000,
  });
};
