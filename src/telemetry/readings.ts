import { inBraces, type Labels, labelText } from './exposition.ts';
import { type Figure, inFigures } from './figures.ts';

/** One value of a metric that is read when someone asks. */
export interface Reading {
  readonly labels: Labels;
  readonly value: number;
}

export interface ReadMetric {
  readonly kind: 'gauge' | 'counter';
  readonly name: string;
  readonly help: string;
  /** What the figure of several workers together is: their sum (default) or the highest. */
  readonly across?: 'sum' | 'max';
  /**
   * Called at each scrape; what it gives is taken piece by piece. What it no longer returns is no longer shown; a
   * counter's value is its total.
   */
  read(): number | Iterable<Reading>;
}

export const readFigures = (metric: ReadMetric): Iterable<Figure> => {
  const { name, help, kind, across } = metric;
  return inFigures({ name, help, type: kind, aggregator: across }, valuesOf(metric.read()));
};

function* valuesOf(read: number | Iterable<Reading>): Generator<[series: string, value: number]> {
  if (typeof read === 'number') yield ['', read];
  else for (const { labels, value } of read) yield [inBraces(labelText(labels)), value];
}
