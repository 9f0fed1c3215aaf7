import type { Metrics } from './metrics.ts';

export interface MirrorReading {
  readonly service: string;
  readonly version: string;
  readonly result: string;
  readonly count: number;
}

/** Adds what became of copies of requests to `/metrics`. */
export const addMirrorMetrics = (metrics: Metrics, readings: () => Iterable<MirrorReading>): void => {
  metrics.add({
    kind: 'counter',
    name: 'sluice_mirrored_total',
    help: 'Copies of requests (mirror filters), by result: answered, failed, timed_out; and not sent: dropped because too many were under way, too_large, no_instance.',
    read: () =>
      [...readings()].map(({ service, version, result, count }) => ({
        labels: { service, version, result },
        value: count,
      })),
  });
};
