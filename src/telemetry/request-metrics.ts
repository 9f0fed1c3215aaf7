import { AttemptRows } from './attempt-rows.ts';
import type { Figure } from './figures.ts';
import { HopMetrics } from './hop-metrics.ts';
import type { Live } from './live.ts';
import { RequestRows } from './request-rows.ts';
import { type CountedVersions, VersionSamples, type Watched } from './version-samples.ts';

export interface RequestMetrics {
  readonly hops: ReadonlyMap<string, HopMetrics>;
  forHop(hop: string): HopMetrics;
  retain(live: Live): void;
  /** Counts the versions of these services, for whoever compares them, and of no others. */
  watch(watched: readonly Watched[]): void;
  counted(): CountedVersions;
  figures(): Iterable<Figure>;
}

/**
 * Requests, attempts, durations and body bytes. Cardinality is bounded by routes × versions: no instance, path,
 * exact status or client is a label. No series is shown before it counts something.
 */
export const createRequestMetrics = (): RequestMetrics => {
  const requests = new RequestRows();
  const attempts = new AttemptRows();
  const samples = new VersionSamples();
  const hops = new Map<string, HopMetrics>();
  const forget = (): void => {
    for (const hop of hops.values()) hop.forget();
  };
  return {
    hops,
    forHop: hop => {
      const metrics = hops.get(hop) ?? new HopMetrics(hop, requests, attempts, samples);
      hops.set(hop, metrics);
      return metrics;
    },
    retain: live => {
      requests.retain(live);
      attempts.retain(live);
      forget();
    },
    watch: watched => {
      if (samples.watch(watched)) forget();
    },
    counted: () => samples.read(),
    *figures() {
      yield* requests.figures();
      yield* attempts.figures();
    },
  };
};
