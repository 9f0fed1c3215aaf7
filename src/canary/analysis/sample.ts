/** What one version answered, at all gateways together, in some stretch of time. */
export interface Sample {
  /** That came to an end, well or not. */
  readonly requests: number;
  /** Of them: failures of the upstream, and answers with a status of 500 or more. */
  readonly errors: number;
  /**
   * How many of the others took how long: counts by the buckets of `src/core/latency-buckets.ts`; those that are left
   * out at the end are 0. Errors are not in it: a quick 500 would flatter, and a timeout is told already.
   */
  readonly latency: readonly number[];
}

/** Both versions over the very same stretch of time, so that whatever befalls both cancels out. */
export interface Pair {
  readonly canary: Sample;
  readonly stable: Sample;
}

export const NOTHING: Sample = { requests: 0, errors: 0, latency: [] };

export const addSamples = (a: Sample, b: Sample): Sample => {
  const [longer, shorter] = a.latency.length >= b.latency.length ? [a, b] : [b, a];
  const latency = longer.latency.slice();
  for (let bucket = 0; bucket < shorter.latency.length; bucket++)
    latency[bucket] = (latency[bucket] ?? 0) + (shorter.latency[bucket] ?? 0);
  return { requests: a.requests + b.requests, errors: a.errors + b.errors, latency };
};

export const addPairs = (a: Pair, b: Pair): Pair => ({
  canary: addSamples(a.canary, b.canary),
  stable: addSamples(a.stable, b.stable),
});
