import { mix32 } from '../hash.ts';

/**
 * How far each draw is from the one before, in 2^32nds. Odd, so that each of 2^32 values comes once before any comes again, and
 * of irrational numbers that no fraction comes near to. What is drawn for the same requests by two of them is unrelated, as
 * they have no relation in whole numbers (Weyl, "Über die Gleichverteilung von Zahlen mod. Eins", 1916); by the same step it
 * would go together for ever.
 */
export type Step = (typeof STEPS)[keyof typeof STEPS];

export const STEPS = {
  /** Who serves a request: 1 divided by the golden ratio, which draws the most evenly of all. */
  serving: 0x9e3779b9,
  /** Who gets a copy: the root of 2, without its 1. */
  copying: 0x6a09e667,
  /** To which version copies go: the root of 3, without its 1. */
  copied: 0xbb67ae85,
  /** Which version is asked whether a request may pass: the root of 5, without its 2. */
  judging: 0x3c6ef373,
} as const;

/** Draws that change places among themselves: a power of 2. */
const GROUP = 8;

/**
 * Draws from [0, 1) that fall evenly: on a share of s, of any n in a row, n × s of them but for a few, whatever s is, and
 * with no gap much longer than 1 / s. Chance alone would be off by the root of n.
 *
 * Multiples of an irrational step, modulo 1, from a start of its own (a Weyl sequence). Gaps between draws that fall on an
 * interval have three lengths at most (Sós, "On the distribution mod 1 of the sequence nα", 1958); for the golden ratio the
 * longest is under twice the mean. Within each eight draws the order is by chance: else every second or fifth request, if
 * those are alike, would meet the same pattern again and again (Knuth, The Art of Computer Programming, 6.4, tells of the
 * sequence; docs/decisions/0018 of the order).
 *
 * One for each thing that is shared out, advanced by its draws alone: two draws from one sequence hang together.
 */
export class Sequence {
  readonly #start: number;
  readonly #step: Step;
  #turn = 0;
  #order = 0;

  /** @param start in [0, 1), by chance: processes must not go in step */
  constructor(start: number, step: Step = STEPS.serving) {
    this.#start = Math.floor(start * 2 ** 32);
    this.#step = step;
  }

  next(): number {
    const turn = this.#turn;
    this.#turn = (turn + 1) | 0;
    if (turn % GROUP === 0) this.#order = mix32(this.#start ^ turn) % GROUP;
    return ((Math.imul(turn ^ this.#order, this.#step) + this.#start) >>> 0) / 2 ** 32;
  }
}
