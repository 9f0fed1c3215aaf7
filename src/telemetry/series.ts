/**
 * Metrics of the data path, kept as plain numbers and put into words only when someone asks.
 *
 * prom-client joins and validates the labels on every update, prebound or not; here an update is one look-up
 * and an addition. A registry takes these as it takes prom-client's own: it asks for `name` and `get()`.
 */
export interface SeriesMetric {
  readonly name: string;
  get(): Promise<Exposition>;
  /** Forgets every series whose labels are not wanted any more. */
  retain(wanted: (labels: Labels) => boolean): void;
}

/** What prom-client's formatter and aggregator read. */
export interface Exposition {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram';
  readonly aggregator: 'sum';
  readonly values: readonly {
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

export type Labels = Readonly<Record<string, string>>;

export interface SeriesOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** Beyond this many series of one metric, new ones are counted together under `_other`. */
export const MAX_SERIES = 20_000;

const OTHER = '_other';

interface Series<T> {
  readonly labels: Labels;
  readonly state: T;
}

/**
 * Series of one metric as a tree of label values. The values of a request are strings that live as long as its
 * snapshot, so their hashes are known and a walk is cheaper than joining them to one key.
 */
class Branch<T> {
  readonly below = new Map<string, Branch<T>>();
  series: Series<T> | undefined;
}

class SeriesTree<T> {
  readonly #labelNames: readonly string[];
  readonly #create: () => T;
  #root = new Branch<T>();
  #all: Series<T>[] = [];

  constructor(labelNames: readonly string[], create: () => T) {
    this.#labelNames = labelNames;
    this.#create = create;
  }

  /** @param values in the order of the label names */
  at(values: readonly string[]): T {
    let branch: Branch<T> | undefined = this.#root;
    for (let i = 0; i < values.length && branch !== undefined; i++)
      branch = branch.below.get(values[i] as string);
    return (branch?.series ?? this.#add(values)).state;
  }

  #add(values: readonly string[]): Series<T> {
    const kept = this.#all.length < MAX_SERIES ? values : this.#labelNames.map(() => OTHER);
    const labels = Object.fromEntries(this.#labelNames.map((name, i) => [name, kept[i] ?? '']));
    return this.#insert({ labels, state: this.#create() });
  }

  /** Keeps the series that is there where one is. */
  #insert(series: Series<T>): Series<T> {
    let branch = this.#root;
    for (const name of this.#labelNames) {
      const value = series.labels[name] ?? '';
      const next = branch.below.get(value) ?? new Branch<T>();
      branch.below.set(value, next);
      branch = next;
    }
    if (branch.series === undefined) {
      branch.series = series;
      this.#all.push(series);
    }
    return branch.series;
  }

  retain(wanted: (labels: Labels) => boolean): void {
    const kept = this.#all.filter(({ labels }) => wanted(labels));
    this.#root = new Branch<T>();
    this.#all = [];
    for (const series of kept) this.#insert(series);
  }

  values(): readonly Series<T>[] {
    return this.#all;
  }
}

/** A counter. */
export class CounterSeries implements SeriesMetric {
  readonly name: string;
  readonly #help: string;
  readonly #series: SeriesTree<{ total: number }>;

  constructor({ name, help, labelNames }: SeriesOptions) {
    this.name = name;
    this.#help = help;
    this.#series = new SeriesTree(labelNames, () => ({ total: 0 }));
  }

  /** @param values of the labels, in the order of their names */
  add(values: readonly string[], amount = 1): void {
    this.#series.at(values).total += amount;
  }

  retain(wanted: (labels: Labels) => boolean): void {
    this.#series.retain(wanted);
  }

  async get(): Promise<Exposition> {
    const values = this.#series.values().map(({ labels, state }) => ({ labels, value: state.total }));
    return { name: this.name, help: this.#help, type: 'counter', aggregator: 'sum', values };
  }
}

interface Distribution {
  /** Observations by the first bucket that holds them; those beyond the last bound come last. */
  readonly counts: number[];
  sum: number;
}

/** A histogram over fixed upper bounds. */
export class HistogramSeries implements SeriesMetric {
  readonly name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series: SeriesTree<Distribution>;

  constructor({ name, help, labelNames, bounds }: SeriesOptions & { readonly bounds: readonly number[] }) {
    this.name = name;
    this.#help = help;
    this.#bounds = bounds;
    this.#series = new SeriesTree(labelNames, () => ({
      counts: new Array<number>(bounds.length + 1).fill(0),
      sum: 0,
    }));
  }

  /** @param values of the labels, in the order of their names */
  observe(values: readonly string[], value: number): void {
    const distribution = this.#series.at(values);
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
    distribution.counts[bucket] = (distribution.counts[bucket] ?? 0) + 1;
    distribution.sum += value;
  }

  retain(wanted: (labels: Labels) => boolean): void {
    this.#series.retain(wanted);
  }

  async get(): Promise<Exposition> {
    const values = this.#series.values().flatMap(({ labels, state }) => {
      let upTo = 0;
      const buckets = state.counts.map((count, i) => {
        upTo += count;
        const le = this.#bounds[i] ?? '+Inf';
        return { metricName: `${this.name}_bucket`, labels: { ...labels, le }, value: upTo };
      });
      return [
        ...buckets,
        { metricName: `${this.name}_sum`, labels, value: state.sum },
        { metricName: `${this.name}_count`, labels, value: upTo },
      ];
    });
    return { name: this.name, help: this.#help, type: 'histogram', aggregator: 'sum', values };
  }
}
