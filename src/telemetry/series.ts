/**
 * Metrics of the data path, kept as plain numbers and put into words only when someone asks.
 *
 * prom-client joins and validates the labels on every update, prebound or not; here who updates often keeps what `at`
 * gave, and an update is an addition. A registry takes these as it takes prom-client's own: it asks for `name` and
 * `get()`.
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

class SeriesMap<T> {
  readonly #labelNames: readonly string[];
  readonly #create: () => T;
  readonly #all = new Map<string, Series<T>>();

  constructor(labelNames: readonly string[], create: () => T) {
    this.#labelNames = labelNames;
    this.#create = create;
  }

  /** @param values in the order of the label names */
  at(values: readonly string[]): T {
    const key = values.join('\0');
    const existing = this.#all.get(key);
    if (existing !== undefined) return existing.state;
    if (this.#all.size >= MAX_SERIES && values[0] !== OTHER) return this.at(values.map(() => OTHER));
    const labels = Object.fromEntries(this.#labelNames.map((name, i) => [name, values[i] ?? '']));
    const state = this.#create();
    this.#all.set(key, { labels, state });
    return state;
  }

  retain(wanted: (labels: Labels) => boolean): void {
    for (const [key, { labels }] of this.#all) {
      if (!wanted(labels)) this.#all.delete(key);
    }
  }

  values(): Series<T>[] {
    return [...this.#all.values()];
  }
}

export interface Tally {
  total: number;
}

/** A counter. */
export class CounterSeries implements SeriesMetric {
  readonly name: string;
  readonly #help: string;
  readonly #series: SeriesMap<Tally>;

  constructor({ name, help, labelNames }: SeriesOptions) {
    this.name = name;
    this.#help = help;
    this.#series = new SeriesMap(labelNames, () => ({ total: 0 }));
  }

  /**
   * The series of these values; to be kept no longer than until the next `retain`.
   * @param values of the labels, in the order of their names
   */
  at(values: readonly string[]): Tally {
    return this.#series.at(values);
  }

  retain(wanted: (labels: Labels) => boolean): void {
    this.#series.retain(wanted);
  }

  async get(): Promise<Exposition> {
    const values = this.#series.values().map(({ labels, state }) => ({ labels, value: state.total }));
    return { name: this.name, help: this.#help, type: 'counter', aggregator: 'sum', values };
  }
}

/** Observations over fixed upper bounds. */
export class Distribution {
  readonly bounds: readonly number[];
  /** By the first bucket that holds them; those beyond the last bound come last. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

/** A histogram. */
export class HistogramSeries implements SeriesMetric {
  readonly name: string;
  readonly #help: string;
  readonly #series: SeriesMap<Distribution>;

  constructor({ name, help, labelNames, bounds }: SeriesOptions & { readonly bounds: readonly number[] }) {
    this.name = name;
    this.#help = help;
    this.#series = new SeriesMap(labelNames, () => new Distribution(bounds));
  }

  /** As of a counter. */
  at(values: readonly string[]): Distribution {
    return this.#series.at(values);
  }

  retain(wanted: (labels: Labels) => boolean): void {
    this.#series.retain(wanted);
  }

  async get(): Promise<Exposition> {
    const values = this.#series.values().flatMap(({ labels, state }) => {
      let upTo = 0;
      const buckets = state.counts.map((count, i) => {
        upTo += count;
        const le = state.bounds[i] ?? '+Inf';
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
