import { Alphabet } from './alphabet.ts';
import { ExpressionFault } from './fault.ts';
import { type Program, type Ranges, readProgram, type Step } from './program.ts';

const MOST_STATES = 1_000;
/** States times classes of characters: 128 KiB, and a place in the table fits 16 bits. */
const MOST_CELLS = 65_536;
/** Looks at a step while states are made: a few milliseconds. */
const MOST_WORK = 500_000;

/**
 * A deterministic automaton: one look into a table for each character, whatever the expression and the text. Its size,
 * which may grow exponentially with the expression (Rabin and Scott), is bounded instead.
 */
export interface Automaton {
  readonly alphabet: Alphabet;
  /** Of each state a row: where each class of characters leads, and at its end whether the text may end here. */
  readonly table: Uint16Array;
  /** States are places in the table. */
  readonly start: number;
}

/** The state from which nothing is found any more. */
export const DEAD = 0;

/** @throws ExpressionFault */
export const buildAutomaton = (pattern: string): Automaton => new Construction(readProgram(pattern)).run();

/** The subset construction: a state is the set of steps at which the program may be. */
class Construction {
  readonly #steps: readonly Step[];
  readonly #start: number;
  readonly #alphabet: Alphabet;
  /** Of each step that takes a character, which classes it takes. */
  readonly #taken: readonly (Uint8Array | undefined)[];
  readonly #states = new Map<string, number>();
  readonly #members: (readonly number[])[] = [];
  readonly #rows: Uint16Array[] = [];
  readonly #marks: Uint32Array;
  #mark = 0;
  #work = 0;

  constructor({ steps, start }: Program) {
    this.#steps = steps;
    this.#start = start;
    const sets = new Map<string, Ranges>();
    for (const step of steps) if (step.kind === 'take') sets.set(step.ranges.join(), step.ranges);
    this.#alphabet = new Alphabet([...sets.values()]);
    const taken = new Map([...sets].map(([key, set]) => [key, this.#alphabet.within(set)]));
    this.#taken = steps.map(step => (step.kind === 'take' ? taken.get(step.ranges.join()) : undefined));
    this.#marks = new Uint32Array(steps.length);
  }

  run(): Automaton {
    const { size } = this.#alphabet;
    const width = size + 1;
    this.#stateOf([], false);
    const start = this.#stateOf(...this.#closure([this.#start], true));
    for (let state = 0; state < this.#members.length; state += 1) {
      const row = this.#rows[state] as Uint16Array;
      for (let column = 0; column < size; column += 1) row[column] = this.#follow(state, column) * width;
    }
    const table = new Uint16Array(this.#rows.length * width);
    this.#rows.forEach((row, state) => {
      table.set(row, state * width);
    });
    return { alphabet: this.#alphabet, table, start: start * width };
  }

  #follow(state: number, column: number): number {
    const next: number[] = [];
    for (const at of this.#members[state] ?? []) {
      const step = this.#steps[at] as Step;
      if (step.kind === 'take' && this.#taken[at]?.[column] === 1) next.push(step.next);
    }
    this.#spend(this.#members[state]?.length ?? 0);
    return next.length === 0 ? 0 : this.#stateOf(...this.#closure(next, false));
  }

  /** The steps of `from` and all that are reached without a character, and whether the text may end there. */
  #closure(from: readonly number[], isStart: boolean): [members: number[], accepts: boolean] {
    const members: number[] = [];
    const before = this.#reach(from, isStart, false, members);
    return [members.sort((a, b) => a - b), before || this.#reach(from, isStart, true, [])];
  }

  /** @returns whether a match is reached */
  #reach(from: readonly number[], isStart: boolean, isEnd: boolean, members: number[]): boolean {
    this.#mark += 1;
    let matches = false;
    const waiting = [...from];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (this.#marks[at] === this.#mark) continue;
      this.#marks[at] = this.#mark;
      this.#spend(1);
      const step = this.#steps[at] as Step;
      if (step.kind === 'take') members.push(at);
      else if (step.kind === 'match') matches = true;
      else if (step.kind === 'fork') waiting.push(step.next, step.other);
      else if (step.kind === 'pass') waiting.push(step.next);
      else if (step.kind === 'at-start' && isStart) waiting.push(step.next);
      else if (step.kind === 'at-end' && isEnd) waiting.push(step.next);
    }
    return matches;
  }

  #stateOf(members: readonly number[], accepts: boolean): number {
    const key = `${accepts ? '.' : ''}${members.join()}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = this.#members.length;
    const width = this.#alphabet.size + 1;
    if (state >= MOST_STATES || (state + 1) * width > MOST_CELLS) throw tooManyStates();
    const row = new Uint16Array(width);
    row[width - 1] = Number(accepts);
    this.#states.set(key, state);
    this.#members.push(members);
    this.#rows.push(row);
    return state;
  }

  #spend(work: number): void {
    this.#work += work;
    if (this.#work > MOST_WORK) throw tooManyStates();
  }
}

const tooManyStates = (): ExpressionFault =>
  new ExpressionFault(
    'the expression needs too many states; a counted repeat behind ".*", or of alternatives, is mostly why',
  );
