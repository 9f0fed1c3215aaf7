import { statusMeant } from '../core/grpc.ts';
import type { Where } from '../core/model/where.ts';
import { BUCKETS, countDuration, DURATION_BOUNDS, durationsAt } from './durations.ts';
import { type Figure, type FigureHead, inFigures } from './figures.ts';
import { METHODS, OTHER_METHOD } from './http-semantics.ts';
import type { Live } from './live.ts';
import type { RequestOutcome } from './observer.ts';
import { OTHER, type Place, Places } from './places.ts';
import { NEXT } from './rows.ts';
import { CLASS_NAMES, classOf } from './status-class.ts';

/**
 * The requests of one place with one class of status are a row. Its cells, those of a quick GET first: such a request
 * counts in a single cache line.
 */
const CLASS = 0;
const GET = 1;
const SECONDS = 2;
const SENT = 3;
const DURATIONS = 4;
const RECEIVED = DURATIONS + BUCKETS;
const OTHER_METHODS = RECEIVED + 1;

const METHOD_CELLS: ReadonlyMap<string, number> = new Map(
  [...METHODS, OTHER_METHOD].map((method, i) => [method, method === 'GET' ? GET : OTHER_METHODS + i - 1]),
);

const REQUESTS: FigureHead = {
  name: 'sluice_requests_total',
  help: 'Requests answered, refused or cut. "status" of a gRPC answer is that of the HTTP status which its own stands for; "error" is the code of an answer given on our own account.',
  type: 'counter',
};
const DURATION: FigureHead = {
  name: 'sluice_request_duration_seconds',
  help: 'From the end of the request head to the end of the response; upgraded connections are left out.',
  type: 'histogram',
  bounds: DURATION_BOUNDS,
};
const RECEIVED_BYTES: FigureHead = {
  name: 'sluice_request_body_bytes_total',
  help: 'Body bytes received from callers.',
  type: 'counter',
};
const SENT_BYTES: FigureHead = {
  name: 'sluice_response_body_bytes_total',
  help: 'Body bytes sent to callers.',
  type: 'counter',
};

/** Requests by where they went and how they ended. */
export class RequestRows {
  readonly #places = new Places(['hop', 'route', 'service', 'version'], [...METHOD_CELLS.values()]);

  /** Slow. @returns the first row of a place; good until `retain` */
  first(hop: string, where: Where): number {
    return this.#placeOf(hop, where).row;
  }

  /** All but an error. */
  count(first: number, method: string, outcome: RequestOutcome, seconds: number): void {
    const { error, status, grpcStatus, upgraded, received, sent } = outcome;
    const { rows } = this.#places;
    const row = this.#row(first, classOf(statusMeant(status, grpcStatus)));
    if (error === undefined) this.#places.count(row, METHOD_CELLS.get(method) as number);
    if (upgraded !== true) countDuration(rows, row + SECONDS, row + DURATIONS, seconds);
    if (sent > 0) rows.plus(row + SENT, sent);
    if (received > 0) rows.plus(row + RECEIVED, received);
  }

  countError(hop: string, where: Where, method: string, status: number, error: string): void {
    const name = CLASS_NAMES[classOf(status)] ?? '';
    this.#places.countError(this.#placeOf(hop, where), requestLabels(method, name, error));
  }

  retain(live: Live): void {
    this.#places.retain(live);
  }

  *figures(): Generator<Figure> {
    yield* inFigures(REQUESTS, this.#counts());
    yield* inFigures(DURATION, this.#durations());
    yield* inFigures(RECEIVED_BYTES, this.#bytes(RECEIVED));
    yield* inFigures(SENT_BYTES, this.#bytes(SENT));
  }

  #placeOf(hop: string, { route, service, version }: Where): Place {
    return this.#places.at({ hop, route, service, version });
  }

  /** Mostly the first: what a place counts first is what it counts most. */
  #row(first: number, status: number): number {
    const { cells } = this.#places.rows;
    let row = first;
    while (cells[row + CLASS] !== status) {
      const next = cells[row + NEXT] as number;
      if (next === 0) return this.#newRow(row, status);
      row = next;
    }
    return row;
  }

  #newRow(last: number, status: number): number {
    const { rows, otherRow, isFull } = this.#places;
    if (last === otherRow) return last;
    // The first row of a place is of no class at first.
    const isFree = rows.cells[last + CLASS] === 0;
    if (isFull && !isFree) return this.#places.other.row;
    const row = isFree ? last : rows.add();
    if (!isFree) rows.cells[last + NEXT] = row;
    rows.cells[row + CLASS] = status;
    return row;
  }

  *#counts(): Generator<[string, number]> {
    const { rows } = this.#places;
    for (const { text, row: first, isOther, errors } of this.#places) {
      for (const row of rows.chain(first)) {
        const status = CLASS_NAMES[rows.cells[row + CLASS] as number] ?? '';
        for (const [method, cell] of METHOD_CELLS) {
          const value = rows.cells[row + cell] as number;
          if (value === 0) continue;
          const labels = isOther ? requestLabels(OTHER, OTHER, OTHER) : requestLabels(method, status, '');
          yield [`{${text},${labels}}`, value];
        }
      }
      for (const [labels, value] of errors ?? []) yield [`{${text},${labels}}`, value];
    }
  }

  *#durations(): Generator<[string, readonly number[]]> {
    const { rows } = this.#places;
    for (const { text, row: first, isOther } of this.#places) {
      for (const row of rows.chain(first)) {
        const values = durationsAt(rows, row + SECONDS, row + DURATIONS);
        if (values === undefined) continue;
        const status = isOther ? OTHER : CLASS_NAMES[rows.cells[row + CLASS] as number];
        yield [`{${text},status="${status}"}`, values];
      }
    }
  }

  *#bytes(cell: number): Generator<[string, number]> {
    const { rows } = this.#places;
    for (const { text, row: first } of this.#places) {
      let bytes = 0;
      for (const row of rows.chain(first)) bytes += rows.cells[row + cell] as number;
      if (bytes > 0) yield [`{${text}}`, bytes];
    }
  }
}

const requestLabels = (method: string, status: string, error: string): string =>
  `method="${method}",status="${status}",error="${error}"`;
