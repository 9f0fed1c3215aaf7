/** Something that can be among those that run. */
export interface Placed {
  /** Kept by `Running`; -1 while it is not among them. */
  place: number;
}

/**
 * Those that run, in no order. Entering and leaving happen for each request, so they write two fields of an array and
 * no more: a Set is rebuilt again and again, and its old tables, once they have grown old, keep whatever the new
 * ones hold from being collected while it is young.
 */
export class Running<T extends Placed> implements Iterable<T> {
  readonly #all: T[] = [];

  enter(one: T): void {
    one.place = this.#all.length;
    this.#all.push(one);
  }

  /** Of one that is not among them, nothing. */
  leave(one: T): void {
    const { place } = one;
    if (place < 0) return;
    one.place = -1;
    const last = this.#all.pop();
    if (last === undefined || last === one) return;
    this.#all[place] = last;
    last.place = place;
  }

  /** Backwards, so that those that leave when their turn has come disturb nobody's. */
  *[Symbol.iterator](): Iterator<T> {
    for (let at = this.#all.length - 1; at >= 0; at -= 1) {
      const one = this.#all[at];
      if (one !== undefined) yield one;
    }
  }
}
