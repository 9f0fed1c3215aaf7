import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { inBraces, type Labels, labelText } from './exposition.ts';
import { type Figure, inFigures } from './figures.ts';

export interface ProcessMetrics {
  has(name: string): boolean;
  figures(): Promise<readonly Figure[]>;
}

/** What prom-client knows of the process and its runtime, and what is running. */
export const createProcessMetrics = (version: string, worker: string | undefined): ProcessMetrics => {
  const registry = new Registry();
  if (worker !== undefined) registry.setDefaultLabels({ worker });
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'sluice_build_info',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1);
  return {
    has: name => registry.getSingleMetric(name) !== undefined,
    figures: async () => {
      // The declared type says `name: string` of values alone; of histograms each value has a name of its own.
      const metrics = (await registry.getMetricsAsJSON()) as unknown as readonly PromMetric[];
      return metrics.flatMap(metric => [...figuresOf(metric)]);
    },
  };
};

interface PromMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator?: string;
  readonly values: readonly {
    /** Where it is not the metric's: `…_bucket`, `…_sum` and `…_count` of a histogram. */
    readonly metricName?: string;
    readonly labels: Labels;
    readonly value: number;
  }[];
}

const figuresOf = ({ name, help, type, aggregator, values }: PromMetric): Iterable<Figure> =>
  inFigures(
    { name, help, type, aggregator, isOfProcess: true },
    values.map(({ metricName = name, labels, value }): [string, number] => [
      metricName.slice(name.length) + inBraces(labelText(labels)),
      value,
    ]),
  );
