import type { Where } from '../../../src/core/model/where.ts';
import { isWanted, type Live } from '../../../src/telemetry/live.ts';
import type { AttemptOutcome, AttemptStart, RequestOutcome } from '../../../src/telemetry/observer.ts';

const BOUNDS = [
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
  '+Inf',
] as const;

type Labels = Readonly<Record<string, string>>;

/** What the metrics of requests and attempts mean, written down with one entry a line of the page. */
export class Naive {
  readonly #all = new Map<string, { labels: Labels; value: number }>();

  requestEnded(hop: string, method: string, outcome: RequestOutcome, seconds: number): void {
    const { where, status: code, error = '', upgraded, received, sent } = outcome;
    const place = { hop, ...named(where) };
    const status = classOf(code);
    this.#add('sluice_requests_total', { ...place, method, status, error }, 1);
    if (upgraded !== true) this.#observe('sluice_request_duration_seconds', { ...place, status }, seconds);
    if (received > 0) this.#add('sluice_request_body_bytes_total', place, received);
    if (sent > 0) this.#add('sluice_response_body_bytes_total', place, sent);
  }

  attemptEnded(hop: string, { where }: AttemptStart, outcome: AttemptOutcome, seconds: number): void {
    const { status, error, clientLeft } = outcome;
    const { service, version } = where;
    const place = { hop, service, version };
    const answer = status === undefined ? 'other' : classOf(status);
    const result = clientLeft === true ? 'client_left' : (error ?? answer);
    this.#add('sluice_attempts_total', { ...place, result }, 1);
    if (clientLeft !== true) this.#observe('sluice_attempt_duration_seconds', place, seconds);
  }

  retain(live: Live): void {
    for (const [key, { labels }] of this.#all) if (!isWanted(labels, live)) this.#all.delete(key);
  }

  figures(): Map<string, number> {
    return new Map([...this.#all].map(([key, { value }]) => [key, value]));
  }

  #observe(name: string, labels: Labels, seconds: number): void {
    for (const le of BOUNDS) {
      const isIn = le === '+Inf' || seconds <= le;
      this.#add(`${name}_bucket`, { ...labels, le: `${le}` }, Number(isIn));
    }
    this.#add(`${name}_sum`, labels, seconds);
    this.#add(`${name}_count`, labels, 1);
  }

  #add(name: string, labels: Labels, value: number): void {
    const text = Object.entries(labels).map(([label, of]) => `${label}="${of}"`);
    const key = `${name}{${text.join(',')}}`;
    this.#all.set(key, { labels, value: (this.#all.get(key)?.value ?? 0) + value });
  }
}

const named = ({ route, service, version }: Where): Labels => ({ route, service, version });

const classOf = (status: number): string =>
  status < 100 || status > 599 ? 'other' : `${String(status).charAt(0)}xx`;
