import type { AttemptOutcome, AttemptStart, RequestOutcome } from './observer.ts';
import { CounterSeries, HistogramSeries, type SeriesMetric } from './series.ts';

/** Seconds: from a hit in a cache to a slow report. */
const DURATION_BOUNDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

/** Which routes and versions are still served; series of others are forgotten. */
export interface Live {
  route(route: string): boolean;
  version(service: string, version: string): boolean;
}

/** The figures of one hop; each call is one request or attempt. */
export interface HopMetrics {
  requestStarted(): void;
  /** @param method folded to the known ones (http-semantics) */
  requestEnded(method: string, outcome: RequestOutcome, seconds: number): void;
  attemptEnded(start: AttemptStart, outcome: AttemptOutcome, seconds: number): void;
  readonly inFlight: number;
}

export interface RequestMetrics {
  readonly all: readonly SeriesMetric[];
  readonly inFlight: ReadonlyMap<string, HopMetrics>;
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
  const inFlight = new Map<string, HopMetrics>();

  const createHop = (hop: string): HopMetrics => {
    let running = 0;
    return {
      get inFlight() {
        return running;
      },
      requestStarted: () => {
        running += 1;
      },
      requestEnded: (method, outcome, seconds) => {
        running -= 1;
        const { route = '', service = '', version = '', error = '' } = outcome;
        const status = statusClass(outcome.status);
        requests.add([hop, route, service, version, method, status, error]);
        if (outcome.upgraded !== true) durations.observe([hop, route, service, version, status], seconds);
        if (outcome.received > 0) received.add([hop, route, service, version], outcome.received);
        if (outcome.sent > 0) sent.add([hop, route, service, version], outcome.sent);
      },
      attemptEnded: ({ service, version }, outcome, seconds) => {
        attempts.add([hop, service, version, attemptResult(outcome)]);
        if (outcome.clientLeft !== true) attemptDurations.observe([hop, service, version], seconds);
      },
    };
  };

  const all = [requests, durations, received, sent, attempts, attemptDurations];
  return {
    all,
    inFlight,
    forHop: hop => {
      const existing = inFlight.get(hop) ?? createHop(hop);
      inFlight.set(hop, existing);
      return existing;
    },
    retain: live => {
      // A request that was refused before a route or version was found has none: its series stay.
      const wanted = ({ route = '', service = '', version = '' }) =>
        (route === '' || live.route(route)) && (version === '' || live.version(service, version));
      for (const metric of all) metric.retain(wanted);
    },
  };
};

const CLASSES = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

const statusClass = (status: number): string => CLASSES[Math.floor(status / 100)] ?? 'other';

const attemptResult = ({ status, error, clientLeft }: AttemptOutcome): string => {
  if (clientLeft === true) return 'client_left';
  if (error !== undefined) return error;
  return status === undefined ? 'other' : statusClass(status);
};
