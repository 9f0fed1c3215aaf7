import type { AttemptOutcome, AttemptStart, RequestOutcome } from './observer.ts';
import { Places } from './places.ts';
import type { CounterSeries, Distribution, HistogramSeries, Tally } from './series.ts';

/** The metrics of requests and attempts; the labels of each in this order. */
export interface RequestSeries {
  /** hop, route, service, version, method, status, error */
  readonly requests: CounterSeries;
  /** hop, route, service, version, status */
  readonly durations: HistogramSeries;
  /** hop, route, service, version */
  readonly received: CounterSeries;
  readonly sent: CounterSeries;
  /** hop, service, version, result */
  readonly attempts: CounterSeries;
  /** hop, service, version */
  readonly attemptDurations: HistogramSeries;
}

/** The series of one place that were needed so far: no series is shown before it counts something. */
interface Place {
  readonly labels: readonly [hop: string, route: string, service: string, version: string];
  /** By `classIndex`. */
  readonly classes: (StatusClass | undefined)[];
  received?: Tally;
  sent?: Tally;
  attemptDurations?: Distribution;
}

interface StatusClass {
  readonly name: string;
  /** Of requests that did not fail on our own account. */
  readonly byMethod: Map<string, Tally>;
  durations?: Distribution;
  attempts?: Tally;
}

const OTHER = 'other';
const CLASSES = [OTHER, '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

const classIndex = (status: number): number => (status >= 100 && status < 600 ? Math.trunc(status / 100) : 0);

/** The figures of one hop; each call is one request or attempt. What errs is rare and looks its series up. */
export class HopMetrics {
  readonly #hop: string;
  readonly #series: RequestSeries;
  readonly #places: Places<Place>;
  #inFlight = 0;

  constructor(hop: string, series: RequestSeries) {
    this.#hop = hop;
    this.#series = series;
    this.#places = new Places((...where) => ({ labels: [hop, ...where], classes: [] }));
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  requestStarted(): void {
    this.#inFlight += 1;
  }

  /** @param method folded to the known ones (http-semantics) */
  requestEnded(method: string, outcome: RequestOutcome, seconds: number): void {
    this.#inFlight -= 1;
    const { requests, durations, received, sent } = this.#series;
    const place = this.#places.at(outcome.where);
    const { labels } = place;
    const status = statusClass(place, outcome.status);
    if (outcome.error === undefined) this.#countRequest(place, status, method);
    else requests.at([...labels, method, status.name, outcome.error]).total += 1;
    if (outcome.upgraded !== true) {
      status.durations ??= durations.at([...labels, status.name]);
      status.durations.observe(seconds);
    }
    if (outcome.received > 0) {
      place.received ??= received.at(labels);
      place.received.total += outcome.received;
    }
    if (outcome.sent > 0) {
      place.sent ??= sent.at(labels);
      place.sent.total += outcome.sent;
    }
  }

  attemptEnded(start: AttemptStart, outcome: AttemptOutcome, seconds: number): void {
    const place = this.#places.at(start.where);
    const { status, error, clientLeft } = outcome;
    if (clientLeft === true) this.#countFailure(start, 'client_left');
    else if (status === undefined || error !== undefined) this.#countFailure(start, error ?? OTHER);
    else this.#countAnswer(start, statusClass(place, status));
    if (clientLeft === true) return;
    place.attemptDurations ??= this.#series.attemptDurations.at([
      this.#hop,
      start.where.service,
      start.where.version,
    ]);
    place.attemptDurations.observe(seconds);
  }

  /** To be called before series are forgotten. */
  forget(): void {
    this.#places.clear();
  }

  #countRequest({ labels }: Place, { name, byMethod }: StatusClass, method: string): void {
    let tally = byMethod.get(method);
    if (tally === undefined) {
      tally = this.#series.requests.at([...labels, method, name, '']);
      byMethod.set(method, tally);
    }
    tally.total += 1;
  }

  #countAnswer({ where: { service, version } }: AttemptStart, status: StatusClass): void {
    status.attempts ??= this.#series.attempts.at([this.#hop, service, version, status.name]);
    status.attempts.total += 1;
  }

  #countFailure({ where: { service, version } }: AttemptStart, result: string): void {
    this.#series.attempts.at([this.#hop, service, version, result]).total += 1;
  }
}

const statusClass = ({ classes }: Place, status: number): StatusClass => {
  const index = classIndex(status);
  const known = classes[index];
  if (known !== undefined) return known;
  const created: StatusClass = { name: CLASSES[index] ?? OTHER, byMethod: new Map() };
  classes[index] = created;
  return created;
};
