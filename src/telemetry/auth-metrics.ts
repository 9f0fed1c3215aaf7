import type { Metrics } from './metrics.ts';

export interface AuthReading {
  readonly service: string;
  readonly version: string;
  readonly result: string;
  readonly count: number;
}

/** Adds what came of the questions whether requests may pass to `/metrics`. */
export const addAuthMetrics = (metrics: Metrics, readings: () => Iterable<AuthReading>): void => {
  metrics.add({
    kind: 'counter',
    name: 'sluice_auth_total',
    help: 'Requests that somebody judged first (auth filters), by whom and the result: passed, denied, and unanswered where nobody judged in time.',
    read: () =>
      [...readings()].map(({ service, version, result, count }) => ({
        labels: { service, version, result },
        value: count,
      })),
  });
};
