import { LATENCY_BUCKETS, latencyBucket } from '../core/balance/latency-buckets.ts';

/** A service whose versions are to be counted, under a key of whoever compares them. */
export interface Watched {
  readonly key: string;
  readonly service: string;
}

/** What one version answered since counting began. Plain data. */
export interface Counted {
  readonly requests: number;
  /** Failures of the upstream, and answers with a status of 500 or more. */
  readonly errors: number;
  /** How many of the others took how long, by the buckets of `src/core/latency-buckets.ts`. */
  readonly latency: readonly number[];
}

/** By key and version. */
export type CountedVersions = ReadonlyMap<string, ReadonlyMap<string, Counted>>;

/** The counters of one version. */
export class VersionSample {
  #requests = 0;
  #errors = 0;
  readonly #latency = new Float64Array(LATENCY_BUCKETS);

  count(isError: boolean, seconds: number): void {
    this.#requests += 1;
    if (isError) this.#errors += 1;
    else this.#latency[latencyBucket(seconds)] = (this.#latency[latencyBucket(seconds)] ?? 0) + 1;
  }

  read(): Counted {
    let end = LATENCY_BUCKETS;
    while (end > 0 && this.#latency[end - 1] === 0) end -= 1;
    return {
      requests: this.#requests,
      errors: this.#errors,
      latency: Array.from(this.#latency.subarray(0, end)),
    };
  }
}

/**
 * Attempts at the versions of a few services, counted finely enough to compare them: only of those that somebody
 * watches, so that nothing is paid for the others.
 */
export class VersionSamples {
  #byService = new Map<string, { readonly key: string; readonly versions: Map<string, VersionSample> }>();

  /** Replaces what is watched; what has the same key as before is counted on. @returns whether anything changed */
  watch(watched: readonly Watched[]): boolean {
    const before = this.#byService;
    this.#byService = new Map(
      watched.map(({ key, service }) => {
        const known = before.get(service);
        return [service, known?.key === key ? known : { key, versions: new Map() }];
      }),
    );
    return (
      before.size !== this.#byService.size ||
      [...this.#byService].some(([service, entry]) => before.get(service) !== entry)
    );
  }

  /** Slow. @returns undefined where nobody watches the service; good until `watch` says that something changed */
  find(service: string, version: string): VersionSample | undefined {
    const versions = this.#byService.get(service)?.versions;
    if (versions === undefined || version === '') return undefined;
    const sample = versions.get(version) ?? new VersionSample();
    versions.set(version, sample);
    return sample;
  }

  read(): CountedVersions {
    return new Map(
      [...this.#byService.values()].map(({ key, versions }) => [
        key,
        new Map([...versions].map(([version, sample]) => [version, sample.read()])),
      ]),
    );
  }
}

/** What several processes counted together. */
export const addCounted = (all: readonly CountedVersions[]): CountedVersions => {
  const sums = new Map<string, Map<string, Counted>>();
  for (const counted of all) {
    for (const [key, versions] of counted) {
      const sum = sums.get(key) ?? new Map<string, Counted>();
      sums.set(key, sum);
      for (const [version, more] of versions) sum.set(version, plus(sum.get(version), more));
    }
  }
  return sums;
};

const plus = (a: Counted | undefined, b: Counted): Counted => {
  if (a === undefined) return b;
  const [longer, shorter] = a.latency.length >= b.latency.length ? [a, b] : [b, a];
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    latency: longer.latency.map((count, bucket) => count + (shorter.latency[bucket] ?? 0)),
  };
};
