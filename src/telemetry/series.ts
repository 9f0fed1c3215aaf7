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

/** Series of one metric by their label values, joined with a character that no label of ours holds. */
class SeriesMap<T> {
  readonly #labelNames: readonly string[];
  readonly #create: () => T;
  #series = new Map<string, Series<T>>();

  constructor(labelNames: readonly string[], create: () => T) {
    this.#labelNames = labelNames;
    this.#create = create;
  }

  /** @param key label values in the order of the names, joined by `\n` */
  at(key: string): T {
    return (this.#series.get(key) ?? this.#add(key)).state;
  }

  #add(key: string): Series<T> {
    const full = this.#series.size >= MAX_SERIES;
    const kept = full ? this.#labelNames.map(() => OTHER).join('\n') : key;
    const existing = full ? this.#series.get(kept) : undefined;
    if (existing !== undefined) return existing;
    const values = kept.split('\n');
    const labels = Object.fromEntries(this.#labelNames.map((name, i) => [name, values[i] ?? '']));
    const series = { labels, state: this.#create() };
    this.#series.set(kept, series);
    return series;
  }

  retain(wanted: (labels: Labels) => boolean): void {
    this.#series = new Map([...this.#series].filter(([, { labels }]) => wanted(labels)));
  }

  values(): Series<T>[] {
    return [...this.#series.values()];
  }
}

/** A counter: `add('GET\n2xx')`. */
export class CounterSeries implements SeriesMetric {
  readonly name: string;
  readonly #help: string;
  readonly #series: SeriesMap<{ total: number }>;

  constructor({ name, help, labelNames }: SeriesOptions) {
    this.name = name;
    this.#help = help;
    this.#series = new SeriesMap(labelNames, () => ({ total: 0 }));
  }

  /** @param key label values joined by `\n` */
  add(key: string, amount = 1): void {
    this.#series.at(key).total += amount;
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
  readonly #series: SeriesMap<Distribution>;

  constructor({ name, help, labelNames, bounds }: SeriesOptions & { readonly bounds: readonly number[] }) {
    this.name = name;
    this.#help = help;
    this.#bounds = bounds;
    this.#series = new SeriesMap(labelNames, () => ({
      counts: new Array<number>(bounds.length + 1).fill(0),
      sum: 0,
    }));
  }

  /** @param key label values joined by `\n` */
  observe(key: string, value: number): void {
    const distribution = this.#series.at(key);
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
