import { type Metric, Registry } from 'prom-client';
import { isWanted, type Live } from './live.ts';

/** One metric with its values at one moment: plain data, so that it can cross to another process. */
export interface Figure {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  /** How those of several processes make one; a sum unless it is `max`. */
  readonly aggregator?: string;
  readonly values: readonly FigureValue[];
}

export interface FigureValue {
  /** Where it is not the metric's: `…_bucket`, `…_sum` and `…_count` of a histogram. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** The figures of several processes as those of one: values with the same labels are added up, or the most of them counts. */
export const joinFigures = (all: readonly (readonly Figure[])[]): readonly Figure[] => {
  const byName = new Map<string, { figure: Figure; values: Map<string, FigureValue> }>();
  for (const figure of all.flat()) {
    const joined = byName.get(figure.name) ?? { figure, values: new Map() };
    byName.set(figure.name, joined);
    for (const one of figure.values) {
      const key = `${one.metricName ?? ''} ${JSON.stringify(one.labels)}`;
      const before = joined.values.get(key)?.value ?? 0;
      const value = figure.aggregator === 'max' ? Math.max(before, one.value) : before + one.value;
      joined.values.set(key, { ...one, value });
    }
  }
  return [...byName.values()].map(({ figure, values }) => ({ ...figure, values: [...values.values()] }));
};

/** What remains true of a worker that is gone: its counts, but not its present state or those of its process. */
export const countsOf = (figures: readonly Figure[]): readonly Figure[] =>
  keep(
    figures.filter(({ type }) => type === 'counter' || type === 'histogram'),
    ({ labels }) => labels.worker === undefined,
  );

/** Without routes and versions that are no more, as Metrics.retain does it. */
export const retainFigures = (figures: readonly Figure[], live: Live): readonly Figure[] =>
  keep(figures, ({ labels }) => isWanted(labels, live));

const keep = (figures: readonly Figure[], wanted: (value: FigureValue) => boolean): readonly Figure[] =>
  figures.map(figure => ({ ...figure, values: figure.values.filter(wanted) }));

/** All values of a metric together; 0 where there is none. */
export const totalOf = (figures: readonly Figure[], name: string): number =>
  figures.find(figure => figure.name === name)?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;

/** In the text format of Prometheus. */
export const renderFigures = async (
  figures: readonly Figure[],
): Promise<{ readonly contentType: string; readonly body: string }> => {
  const registry = new Registry();
  for (const figure of figures) {
    const metric = { name: figure.name, get: async () => figure };
    // A registry asks its metrics for `name` and `get()`; the declared type knows only prom-client's own classes.
    registry.registerMetric(metric as unknown as Metric);
  }
  return { contentType: registry.contentType, body: await registry.metrics() };
};
