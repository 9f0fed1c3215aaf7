/** Cells of a row: 256 bytes, four cache lines. */
export const ROW = 32;

/** The last cell: the next row of the same place, or 0. */
export const NEXT = ROW - 1;

/**
 * Rows of numbers, side by side: with thousands of routes in use no cache holds their figures, so what a request
 * counts is in as few cache lines as can be. A row is known by its first cell; 0 is none.
 */
export class Rows {
  /** Another array once rows were added. */
  cells = new Float64Array(16 * ROW);
  #end = ROW;
  readonly #free: number[] = [];

  get size(): number {
    return this.#end / ROW - 1 - this.#free.length;
  }

  /** @returns a row of zeros */
  add(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    const row = this.#end;
    this.#end += ROW;
    if (this.#end > this.cells.length) {
      const grown = new Float64Array(this.cells.length * 2);
      grown.set(this.cells);
      this.cells = grown;
    }
    return row;
  }

  /** Of a row and those that follow it. */
  free(first: number): void {
    for (let row = first; row !== 0; ) {
      const next = this.cells[row + NEXT] as number;
      this.cells.fill(0, row, row + ROW);
      this.#free.push(row);
      row = next;
    }
  }

  /** A row and those that follow it. */
  *chain(first: number): Generator<number> {
    for (let row = first; row !== 0; row = this.cells[row + NEXT] as number) yield row;
  }

  plus(cell: number, value: number): void {
    this.cells[cell] = (this.cells[cell] as number) + value;
  }
}
