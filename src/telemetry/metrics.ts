import type { Figures } from './figures.ts';
import type { HopMetrics } from './hop-metrics.ts';
import type { Live } from './live.ts';
import { createProcessMetrics } from './process-metrics.ts';
import { type ReadMetric, readFigures } from './readings.ts';
import { createRequestMetrics } from './request-metrics.ts';
import type { SpanCounts } from './span-export.ts';
import type { CountedVersions, Watched } from './version-samples.ts';

/** Everything that `/metrics` shows. One a process. */
export interface Metrics {
  forHop(hop: string): HopMetrics;
  /** Adds a figure that another part keeps. @throws where the name is taken */
  add(metric: ReadMetric): void;
  addSpanCounts(counts: () => SpanCounts): void;
  /**
   * Forgets routes, services and versions that are gone. To be called on a slow beat (minutes) rather than at
   * each swap of the snapshot, so that their last figures are scraped before.
   */
  retain(live: Live): void;
  /** Counts the versions of these services apart, and of no others. */
  watch(watched: readonly Watched[]): void;
  counted(): CountedVersions;
  /** Everything, as data; each figure as it is when it is taken. */
  figures(): Figures;
}

export interface MetricsOptions {
  readonly version: string;
  /** Label `worker` of what is the process's own; absent where no worker processes share in the work. */
  readonly worker?: string;
}

export const createMetrics = ({ version, worker }: MetricsOptions): Metrics => {
  const own = createProcessMetrics(version, worker);
  const requests = createRequestMetrics();
  const read = new Map<string, ReadMetric>();

  const add = (metric: ReadMetric): void => {
    const { name } = metric;
    if (read.has(name) || own.has(name)) throw new Error(`there is a metric "${name}" already`);
    read.set(name, metric);
  };

  add({
    kind: 'gauge',
    name: 'sluice_requests_in_flight',
    help: 'Requests that have begun and not ended.',
    read: () => [...requests.hops].map(([hop, { inFlight }]) => ({ labels: { hop }, value: inFlight })),
  });

  return {
    forHop: requests.forHop,
    add,
    addSpanCounts: counts => {
      add({
        kind: 'counter',
        name: 'sluice_spans_total',
        help: 'Spans that left: exported, failed at the receiver, or dropped because the queue was full.',
        read: () => {
          const { exported, failed, dropped } = counts();
          return Object.entries({ exported, failed, dropped }).map(([result, value]) => ({
            labels: { result },
            value,
          }));
        },
      });
      add({
        kind: 'gauge',
        name: 'sluice_spans_queued',
        help: 'Spans that wait for the receiver.',
        read: () => counts().queued,
      });
    },
    retain: requests.retain,
    watch: requests.watch,
    counted: requests.counted,
    async *figures() {
      yield* await own.figures();
      yield* requests.figures();
      for (const metric of read.values()) yield* readFigures(metric);
    },
  };
};
