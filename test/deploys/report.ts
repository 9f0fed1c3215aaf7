/** What became of the requests of a load. */
export interface LoadReport {
  requests: number;
  /** How many of each kind. */
  readonly kinds: Record<string, number>;
  /** Those without the right answer: where doing it twice is harmless, and where it is not. */
  readonly failed: { idempotent: number; other: number };
  /** The first few failures. */
  readonly examples: string[];
  /** Milliseconds. */
  p99: number;
  worst: number;
}

export const sumOf = (reports: readonly LoadReport[]): LoadReport => {
  const sum: LoadReport = {
    requests: 0,
    kinds: {},
    failed: { idempotent: 0, other: 0 },
    examples: [],
    p99: 0,
    worst: 0,
  };
  for (const { requests, kinds, failed, examples, p99, worst } of reports) {
    sum.requests += requests;
    for (const [kind, count] of Object.entries(kinds)) sum.kinds[kind] = (sum.kinds[kind] ?? 0) + count;
    sum.failed.idempotent += failed.idempotent;
    sum.failed.other += failed.other;
    sum.examples.push(...examples);
    sum.p99 = Math.max(sum.p99, p99);
    sum.worst = Math.max(sum.worst, worst);
  }
  return sum;
};

export const lineOf = ({ requests, failed, p99, worst }: LoadReport): string =>
  `${requests} requests, failed: ${failed.idempotent} idempotent and ${failed.other} others; ` +
  `p99 ${p99.toFixed(1)} ms, worst ${worst.toFixed(0)} ms`;
