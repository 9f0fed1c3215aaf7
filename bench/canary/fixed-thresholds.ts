import { errorRate, latencyAt } from '../../src/canary/analysis/figures.ts';
import type { Sample } from '../../src/canary/analysis/sample.ts';
import { LATENCY_BUCKETS } from '../../src/core/balance/latency-buckets.ts';

/** As in the examples of Flagger's documentation (docs.flagger.app, Metrics Analysis): once a minute, of that minute. */
const INTERVAL = 60;

/**
 * Flagger's way: once in an interval the canary's success rate and p99 of that interval are held against fixed
 * numbers, and with so many failed checks in all it is rolled back.
 */
export class FixedThresholds {
  /** How many checks have failed. */
  failed = 0;
  readonly #maxErrorRate: number;
  readonly #slowest: number;
  readonly #latency: number[] = new Array(LATENCY_BUCKETS).fill(0);
  #requests = 0;
  #errors = 0;
  #ends = INTERVAL;

  /** @param slowest seconds, what the p99 may be: somebody typed it who knew the usual one */
  constructor(maxErrorRate: number, slowest: number) {
    this.#maxErrorRate = maxErrorRate;
    this.#slowest = slowest;
  }

  /** @param at seconds since the start, when what was seen ended */
  add({ requests, errors, latency }: Sample, at: number): void {
    this.#requests += requests;
    this.#errors += errors;
    for (let i = 0; i < latency.length; i++) this.#latency[i] = (this.#latency[i] ?? 0) + (latency[i] ?? 0);
    if (at < this.#ends) return;
    const seen = { requests: this.#requests, errors: this.#errors, latency: this.#latency };
    if ((latencyAt(seen, 99) ?? 0) > this.#slowest || errorRate(seen) > this.#maxErrorRate) this.failed += 1;
    this.#requests = 0;
    this.#errors = 0;
    this.#latency.fill(0);
    this.#ends += INTERVAL;
  }
}
