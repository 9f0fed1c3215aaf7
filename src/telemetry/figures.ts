import { readLabels } from './exposition.ts';
import { isWanted, type Live } from './live.ts';
import type { Pace } from './pace.ts';

export interface FigureHead {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  /** How those of several processes make one; a sum unless it is `max`. */
  readonly aggregator?: string | undefined;
  /** It is about the process, not about what the process does. */
  readonly isOfProcess?: boolean;
  /**
   * Upper bounds of a histogram's buckets. Each series then has a count for each bucket, one for what is beyond the
   * last, and the sum; without bounds it has one value.
   */
  readonly bounds?: readonly number[];
}

/**
 * Some series of one metric: plain data, so that they can cross to another process. All of them may be in many of
 * these, so that nobody is held up for long by handling one.
 */
export interface Figure extends FigureHead {
  /** Each once: what follows the metric's name, as the text format has it. */
  readonly series: readonly string[];
  /** Those of each series in turn. */
  readonly values: readonly number[];
}

/** In order: those of one metric follow each other. */
export type Figures = Iterable<Figure> | AsyncIterable<Figure>;

/** Series in a figure. */
const MOST = 100;

export const valuesPerSeries = ({ bounds }: FigureHead): number =>
  bounds === undefined ? 1 : bounds.length + 2;

/**
 * A metric from its series. Without any it still has a figure, so that it is known to be there.
 *
 * @param each gives a series and adds its values to the list
 */
export function* inFigures(
  head: FigureHead,
  each: Iterable<readonly [series: string, values: number | readonly number[]]>,
): Generator<Figure> {
  let series: string[] = [];
  let values: number[] = [];
  for (const [name, value] of each) {
    series.push(name);
    if (typeof value === 'number') values.push(value);
    else values.push(...value);
    if (series.length < MOST) continue;
    yield { ...head, series, values };
    series = [];
    values = [];
  }
  yield { ...head, series, values };
}

interface Joined {
  readonly head: FigureHead;
  /** Where the values of each series begin. */
  readonly places: Map<string, number>;
  readonly values: number[];
}

/** The figures of several processes as those of one: values of the same series are added up, or the most of them counts. */
export async function* joinFigures(all: readonly Figures[], pace: Pace): AsyncGenerator<Figure> {
  const byName = new Map<string, Joined>();
  for (const figures of all) {
    for await (const figure of figures) {
      add(byName, figure);
      await pace();
    }
  }
  for (const { head, places, values } of byName.values()) {
    const width = valuesPerSeries(head);
    yield* inFigures(head, sliced(places, values, width));
  }
}

function* sliced(
  places: ReadonlyMap<string, number>,
  values: readonly number[],
  width: number,
): Generator<readonly [string, readonly number[]]> {
  for (const [series, at] of places) yield [series, values.slice(at, at + width)];
}

const add = (byName: Map<string, Joined>, { series, values, ...head }: Figure): void => {
  const joined: Joined = byName.get(head.name) ?? { head, places: new Map(), values: [] };
  byName.set(head.name, joined);
  const width = valuesPerSeries(head);
  const isMax = head.aggregator === 'max';
  for (const [i, name] of series.entries()) {
    const at = joined.places.get(name);
    if (at === undefined) joined.places.set(name, joined.values.length);
    for (let j = 0; j < width; j++) {
      const value = values[i * width + j] as number;
      if (at === undefined) joined.values.push(value);
      else {
        const before = joined.values[at + j] as number;
        joined.values[at + j] = isMax ? Math.max(before, value) : before + value;
      }
    }
  }
};

/** What remains true of a worker that is gone: its counts, but not its present state or those of its process. */
export const countsOf = (figures: readonly Figure[]): readonly Figure[] =>
  figures.filter(
    ({ type, isOfProcess }) => (type === 'counter' || type === 'histogram') && isOfProcess !== true,
  );

/** Without routes and versions that are no more, as Metrics.retain does it. */
export const retainFigure = (figure: Figure, live: Live): Figure => {
  const width = valuesPerSeries(figure);
  const isKept = figure.series.map(text => isWanted(readLabels(text), live));
  return {
    ...figure,
    series: figure.series.filter((_, i) => isKept[i]),
    values: figure.values.filter((_, i) => isKept[Math.floor(i / width)]),
  };
};

/** All values of a metric together; 0 where there is none. Not for histograms. */
export const totalOf = (figures: readonly Figure[], name: string): number => {
  let total = 0;
  for (const figure of figures) {
    if (figure.name === name) for (const value of figure.values) total += value;
  }
  return total;
};
