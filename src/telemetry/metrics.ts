import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client';
import { type Figure, renderFigures } from './figures.ts';
import type { HopMetrics } from './hop-metrics.ts';
import type { Live } from './live.ts';
import { createRequestMetrics } from './request-metrics.ts';
import type { SpanCounts } from './span-export.ts';

/** One value of a metric that is read when someone asks; labels in any order. */
export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadMetric {
  readonly kind: 'gauge' | 'counter';
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** What the figure of several workers together is: their sum (default) or the highest. */
  readonly across?: 'sum' | 'max';
  /** Called at each scrape. What it no longer returns is no longer shown; a counter's value is its total. */
  read(): number | Iterable<Reading>;
}

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
  /** Everything at this moment, as data. */
  figures(): Promise<readonly Figure[]>;
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface MetricsOptions {
  readonly version: string;
  /** Label `worker` of what is the process's own; absent where no worker processes share in the work. */
  readonly worker?: string;
}

export const createMetrics = ({ version, worker }: MetricsOptions): Metrics => {
  const own = new Registry();
  if (worker !== undefined) own.setDefaultLabels({ worker });
  collectDefaultMetrics({ register: own });
  new Gauge({
    name: 'sluice_build_info',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['version', 'node'],
    registers: [own],
  }).set({ version, node: process.version }, 1);

  const registry = new Registry();
  const requests = createRequestMetrics();
  // A registry asks its metrics for `name` and `get()`; the declared type knows only prom-client's own classes.
  for (const metric of requests.all) registry.registerMetric(metric as unknown as Metric);

  const add = (metric: ReadMetric): void => {
    const { name, help } = metric;
    if ((registry.getSingleMetric(name) ?? own.getSingleMetric(name)) !== undefined)
      throw new Error(`there is a metric "${name}" already`);
    const options = { name, help, labelNames: [...(metric.labelNames ?? [])], registers: [registry] };
    if (metric.kind === 'gauge') {
      new Gauge({
        ...options,
        aggregator: metric.across ?? 'sum',
        collect() {
          this.reset();
          // Without labels a reset gauge is 0, which is a value.
          if (metric.labelNames === undefined) this.remove();
          for (const { labels, value } of readings(metric)) this.set(labels, value);
        },
      });
    } else {
      new Counter({
        ...options,
        collect() {
          this.reset();
          for (const { labels, value } of readings(metric)) this.inc(labels, value);
        },
      });
    }
  };

  add({
    kind: 'gauge',
    name: 'sluice_requests_in_flight',
    help: 'Requests that have begun and not ended.',
    labelNames: ['hop'],
    read: () => [...requests.hops].map(([hop, { inFlight }]) => ({ labels: { hop }, value: inFlight })),
  });

  const figures = async (): Promise<readonly Figure[]> => [
    ...((await own.getMetricsAsJSON()) as unknown as readonly Figure[]),
    ...((await registry.getMetricsAsJSON()) as unknown as readonly Figure[]),
  ];

  return {
    forHop: requests.forHop,
    add,
    addSpanCounts: counts => {
      add({
        kind: 'counter',
        name: 'sluice_spans_total',
        help: 'Spans that left: exported, failed at the receiver, or dropped because the queue was full.',
        labelNames: ['result'],
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
    figures,
    render: async () => renderFigures(await figures()),
  };
};

const readings = (metric: ReadMetric): Iterable<Reading> => {
  const result = metric.read();
  return typeof result === 'number' ? [{ labels: {}, value: result }] : result;
};
