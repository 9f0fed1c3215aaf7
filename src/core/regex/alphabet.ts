import type { Ranges } from './program.ts';

const LAST_CODE_POINT = 0x10ffff;
const BYTES = 256;

/**
 * Characters that no part of an expression tells apart are one class: an automaton has a column for each class instead of
 * one for each character.
 */
export class Alphabet {
  readonly size: number;
  /** The class of each character of Latin 1, which is nearly all that is ever compared. */
  readonly ofByte: Uint16Array;
  /** Where in Unicode each run of characters of one class begins, and which that is. */
  readonly #starts: Int32Array;
  readonly #classes: Uint16Array;
  /** A character of each class. */
  readonly #samples: readonly number[];

  constructor(sets: readonly Ranges[]) {
    const starts = [...new Set([0, ...sets.flatMap(boundaries)])].sort((a, b) => a - b);
    const classes = new Map<string, number>();
    const samples: number[] = [];
    this.#starts = Int32Array.from(starts);
    this.#classes = Uint16Array.from(starts, start => {
      const members = sets.map(set => Number(contains(set, start))).join('');
      const known = classes.get(members);
      if (known !== undefined) return known;
      classes.set(members, samples.length);
      return samples.push(start) - 1;
    });
    this.#samples = samples;
    this.size = samples.length;
    this.ofByte = Uint16Array.from({ length: BYTES }, (_, code) => this.of(code));
  }

  /** The class of a code point. */
  of(codePoint: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= codePoint) low = middle;
      else high = middle - 1;
    }
    return this.#classes[low] as number;
  }

  /** Which classes lie in a set. */
  within(set: Ranges): Uint8Array {
    return Uint8Array.from(this.#samples, sample => Number(contains(set, sample)));
  }
}

const boundaries = (set: Ranges): number[] =>
  set
    .map((codePoint, i) => (i % 2 === 0 ? codePoint : codePoint + 1))
    .filter(start => start <= LAST_CODE_POINT);

const contains = (set: Ranges, codePoint: number): boolean => {
  let low = 0;
  let high = set.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codePoint > (set[middle * 2 + 1] as number)) low = middle + 1;
    else high = middle;
  }
  return low * 2 < set.length && codePoint >= (set[low * 2] as number);
};
