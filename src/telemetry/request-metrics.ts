import { HopMetrics } from './hop-metrics.ts';
import { isWanted, type Live } from './live.ts';
import { CounterSeries, HistogramSeries, type SeriesMetric } from './series.ts';

/** Seconds: from a hit in a cache to a slow report. */
const DURATION_BOUNDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

export interface RequestMetrics {
  readonly all: readonly SeriesMetric[];
  readonly hops: ReadonlyMap<string, HopMetrics>;
  forHop(hop: string): HopMetrics;
  retain(live: Live): void;
}

/**
 * Requests, attempts, durations and body bytes. Cardinality is bounded by routes × versions: no instance, path,
 * exact status or client is a label.
 */
export const createRequestMetrics = (): RequestMetrics => {
  const where = ['hop', 'route', 'service', 'version'];
  const requests = new CounterSeries({
    name: 'sluice_requests_total',
    help: 'Requests answered, refused or cut. "error" is the code of an answer given on our own account.',
    labelNames: [...where, 'method', 'status', 'error'],
  });
  const durations = new HistogramSeries({
    name: 'sluice_request_duration_seconds',
    help: 'From the end of the request head to the end of the response; upgraded connections are left out.',
    labelNames: [...where, 'status'],
    bounds: DURATION_BOUNDS,
  });
  const received = new CounterSeries({
    name: 'sluice_request_body_bytes_total',
    help: 'Body bytes received from callers.',
    labelNames: where,
  });
  const sent = new CounterSeries({
    name: 'sluice_response_body_bytes_total',
    help: 'Body bytes sent to callers.',
    labelNames: where,
  });
  const attempts = new CounterSeries({
    name: 'sluice_attempts_total',
    help: 'Attempts at instances, by class of the response, error code or client_left.',
    labelNames: ['hop', 'service', 'version', 'result'],
  });
  const attemptDurations = new HistogramSeries({
    name: 'sluice_attempt_duration_seconds',
    help: 'How long an instance took, from the start of the attempt to its end.',
    labelNames: ['hop', 'service', 'version'],
    bounds: DURATION_BOUNDS,
  });
  const series = { requests, durations, received, sent, attempts, attemptDurations };
  const all = Object.values(series);
  const hops = new Map<string, HopMetrics>();
  return {
    all,
    hops,
    forHop: hop => {
      const metrics = hops.get(hop) ?? new HopMetrics(hop, series);
      hops.set(hop, metrics);
      return metrics;
    },
    retain: live => {
      for (const hop of hops.values()) hop.forget();
      for (const metric of all) metric.retain(labels => isWanted(labels, live));
    },
  };
};
