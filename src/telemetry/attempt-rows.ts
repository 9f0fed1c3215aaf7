import type { Where } from '../core/model/where.ts';
import { BUCKETS, countDuration, DURATION_BOUNDS, durationsAt } from './durations.ts';
import { type Figure, type FigureHead, inFigures } from './figures.ts';
import type { Live } from './live.ts';
import { OTHER, type Place, Places } from './places.ts';
import { CLASS_NAMES, classOf } from './status-class.ts';

/** The attempts at one version of a service are a row. Its cells, those of a quick 2xx first: */
const SECONDS = 0;
const OK = 1;
const DURATIONS = 2;
const OTHERS = DURATIONS + BUCKETS;

/** By class. */
const CLASS_CELLS = CLASS_NAMES.map((name, i) => (name === '2xx' ? OK : OTHERS + i));

const ATTEMPTS: FigureHead = {
  name: 'sluice_attempts_total',
  help: 'Attempts at instances, by class of the response, gRPC status that is not OK, error code or client_left.',
  type: 'counter',
};
const DURATION: FigureHead = {
  name: 'sluice_attempt_duration_seconds',
  help: 'How long an instance took, from the start of the attempt to its end.',
  type: 'histogram',
  bounds: DURATION_BOUNDS,
};

/** Attempts by whom they were made at and how they ended. */
export class AttemptRows {
  readonly #places = new Places(['hop', 'service', 'version'], CLASS_CELLS);

  /** Slow. Good until `retain`. */
  row(hop: string, where: Where): number {
    return this.#placeOf(hop, where).row;
  }

  countAnswer(row: number, status: number | undefined): void {
    this.#places.count(row, CLASS_CELLS[classOf(status)] as number);
  }

  countFailure(hop: string, where: Where, result: string): void {
    this.#places.countError(this.#placeOf(hop, where), `result="${result}"`);
  }

  countSeconds(row: number, seconds: number): void {
    countDuration(this.#places.rows, row + SECONDS, row + DURATIONS, seconds);
  }

  retain(live: Live): void {
    this.#places.retain(live);
  }

  *figures(): Generator<Figure> {
    yield* inFigures(ATTEMPTS, this.#counts());
    yield* inFigures(DURATION, this.#durations());
  }

  #placeOf(hop: string, { service, version }: Where): Place {
    return this.#places.at({ hop, service, version });
  }

  *#counts(): Generator<[string, number]> {
    const { rows } = this.#places;
    for (const { text, row, isOther, errors } of this.#places) {
      for (const [i, cell] of CLASS_CELLS.entries()) {
        const value = rows.cells[row + cell] as number;
        if (value > 0) yield [`{${text},result="${isOther ? OTHER : CLASS_NAMES[i]}"}`, value];
      }
      for (const [labels, value] of errors ?? []) yield [`{${text},${labels}}`, value];
    }
  }

  *#durations(): Generator<[string, readonly number[]]> {
    for (const { text, row } of this.#places) {
      const values = durationsAt(this.#places.rows, row + SECONDS, row + DURATIONS);
      if (values !== undefined) yield [`{${text}}`, values];
    }
  }
}
