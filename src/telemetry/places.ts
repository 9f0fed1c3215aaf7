import { type Labels, labelText } from './exposition.ts';
import { isWanted, type Live } from './live.ts';
import { Rows } from './rows.ts';

/** Beyond this many series of one metric, new ones are counted together under `_other`. */
export const MAX_SERIES = 20_000;

export const OTHER = '_other';

/** What is counted of one place. */
export interface Place {
  readonly labels: Labels;
  /** The same as text. */
  readonly text: string;
  /** The first of its rows. */
  readonly row: number;
  /** It is all that is beyond the limit. */
  readonly isOther: boolean;
  /** What erred, by the further labels of its series: too rare for cells. */
  errors: Map<string, number> | undefined;
}

/**
 * The rows of one kind of places, which are found by their labels. Some cells of a row are series of their own: they
 * and the errors are what the limit is on.
 */
export class Places {
  readonly rows = new Rows();
  readonly #labelNames: readonly string[];
  readonly #seriesCells: readonly number[];
  readonly #byText = new Map<string, Place>();
  #series = 0;
  #other: Place | undefined;

  /** @param seriesCells the first of them counts what is beyond the limit */
  constructor(labelNames: readonly string[], seriesCells: readonly number[]) {
    this.#labelNames = labelNames;
    this.#seriesCells = seriesCells;
  }

  /** Slow. The place is good until `retain`. */
  at(labels: Labels): Place {
    const text = labelText(labels);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    if (this.isFull) return this.other;
    const place = this.#create(labels, text, false);
    this.#byText.set(text, place);
    return place;
  }

  /** There are to be no more rows. */
  get isFull(): boolean {
    return this.rows.size >= MAX_SERIES;
  }

  /** What is beyond the limit. It has one row. */
  get other(): Place {
    if (this.#other === undefined) {
      const labels = Object.fromEntries(this.#labelNames.map(name => [name, OTHER]));
      this.#other = this.#create(labels, labelText(labels), true);
    }
    return this.#other;
  }

  /** Adds 1 to a cell that is a series. */
  count(row: number, cell: number): void {
    const { cells } = this.rows;
    const before = cells[row + cell] as number;
    if (before > 0) cells[row + cell] = before + 1;
    else this.#countFirst(row, cell);
  }

  /** @param labels the further ones, as text */
  countError(place: Place, labels: string): void {
    const before = place.errors?.get(labels);
    if (before === undefined && !this.#opensSeries(place.row)) {
      this.#countOther();
      return;
    }
    place.errors ??= new Map();
    place.errors.set(labels, (before ?? 0) + 1);
  }

  /** 0 as long as there is none. */
  get otherRow(): number {
    return this.#other?.row ?? 0;
  }

  *[Symbol.iterator](): Generator<Place> {
    yield* this.#byText.values();
    if (this.#other !== undefined) yield this.#other;
  }

  /** Forgets places that are gone; rows of others stay where they are. */
  retain(live: Live): void {
    for (const [text, { labels, row }] of this.#byText) {
      if (isWanted(labels, live)) continue;
      this.#byText.delete(text);
      this.rows.free(row);
    }
    this.#series = 0;
    for (const place of this.#byText.values()) this.#series += this.#seriesOf(place);
  }

  #create(labels: Labels, text: string, isOther: boolean): Place {
    return { labels, text, row: this.rows.add(), isOther, errors: undefined };
  }

  #seriesOf({ row: first, errors }: Place): number {
    let series = errors?.size ?? 0;
    for (const row of this.rows.chain(first)) {
      for (const cell of this.#seriesCells) if ((this.rows.cells[row + cell] as number) > 0) series += 1;
    }
    return series;
  }

  #countFirst(row: number, cell: number): void {
    if (this.#opensSeries(row)) this.rows.plus(row + cell, 1);
    else this.#countOther();
  }

  #opensSeries(row: number): boolean {
    if (row === this.otherRow || this.#series >= MAX_SERIES) return false;
    this.#series += 1;
    return true;
  }

  #countOther(): void {
    this.rows.plus(this.other.row + (this.#seriesCells[0] as number), 1);
  }
}
