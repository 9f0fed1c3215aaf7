import { AttemptRows } from './attempt-rows.ts';
import type { Figure } from './figures.ts';
import { HopMetrics } from './hop-metrics.ts';
import type { Live } from './live.ts';
import { RequestRows } from './request-rows.ts';

export interface RequestMetrics {
  readonly hops: ReadonlyMap<string, HopMetrics>;
  forHop(hop: string): HopMetrics;
  retain(live: Live): void;
  figures(): Iterable<Figure>;
}

/**
 * Requests, attempts, durations and body bytes. Cardinality is bounded by routes × versions: no instance, path,
 * exact status or client is a label. No series is shown before it counts something.
 */
export const createRequestMetrics = (): RequestMetrics => {
  const requests = new RequestRows();
  const attempts = new AttemptRows();
  const hops = new Map<string, HopMetrics>();
  return {
    hops,
    forHop: hop => {
      const metrics = hops.get(hop) ?? new HopMetrics(hop, requests, attempts);
      hops.set(hop, metrics);
      return metrics;
    },
    retain: live => {
      requests.retain(live);
      attempts.retain(live);
      for (const hop of hops.values()) hop.forget();
    },
    *figures() {
      yield* requests.figures();
      yield* attempts.figures();
    },
  };
};
