import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { ExpressionFault } from './fault.ts';

/** Inclusive code points: least, most, least, most … ascending. */
export type Ranges = readonly number[];

/** One step of a program: what may be done, and with which step it goes on. */
export type Step =
  | { readonly kind: 'take'; readonly ranges: Ranges; readonly next: number }
  | { readonly kind: 'fork'; readonly next: number; readonly other: number }
  | { readonly kind: 'pass'; readonly next: number }
  | { readonly kind: 'at-start'; readonly next: number }
  | { readonly kind: 'at-end'; readonly next: number }
  | { readonly kind: 'match' }
  | { readonly kind: 'fail' };

/** A nondeterministic automaton as a list of steps (Thompson; Cox, "Regular Expression Matching: the Virtual Machine Approach"). */
export interface Program {
  readonly steps: readonly Step[];
  readonly start: number;
}

/** Of the Gateway API, for the value of a header; longer ones are nobody's. */
const MOST_CHARACTERS = 4096;

/**
 * Reads an expression of RE2's syntax (github.com/google/re2/wiki/Syntax). Only the parser and compiler of re2js are
 * used; test/core/regex/program.test.ts holds what is read of its inside.
 *
 * @throws ExpressionFault
 */
export const readProgram = (pattern: string): Program => {
  if (pattern.length > MOST_CHARACTERS) {
    throw new ExpressionFault(`the expression is longer than ${MOST_CHARACTERS} characters`);
  }
  const { inst, start } = compile(pattern);
  return { steps: inst.map(readStep), start };
};

const compile = (pattern: string): RawProgram => {
  try {
    return RE2JS.compile(pattern).re2().prog;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new ExpressionFault(reasonOf(error, pattern));
  }
};

/** With the place, where what is wrong stands in the expression just once. */
const reasonOf = (error: RE2JSException, pattern: string): string => {
  if (!(error instanceof RE2JSSyntaxException)) return error.message;
  const { error: what, input } = error;
  if (input === null || input === '' || input === pattern) return what;
  const at = pattern.indexOf(input);
  const isClear = at >= 0 && at === pattern.lastIndexOf(input);
  return `${what}: "${input}"${isClear ? ` at character ${at + 1}` : ''}`;
};

/** What re2js calls Prog and Inst, as far as it is read here. */
interface RawProgram {
  readonly inst: readonly RawStep[];
  readonly start: number;
}

interface RawStep {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
}

const readStep = ({ op, out, arg, runes }: RawStep): Step => {
  const read = READERS[op];
  if (read === undefined)
    throw new ExpressionFault('the expression looks behind, which takes more than linear time');
  return read(out, arg, Array.from(runes));
};

const fork = (next: number, other: number): Step => ({ kind: 'fork', next, other });
const pass = (next: number): Step => ({ kind: 'pass', next });
const take = (next: number, arg: number, runes: readonly number[]): Step => ({
  kind: 'take',
  next,
  ranges: rangesOf(runes, (arg & FOLDS_CASE) !== 0),
});

const assertion = (next: number, arg: number): Step => {
  if (arg === TEXT_BEGINS) return { kind: 'at-start', next };
  if (arg === TEXT_ENDS) return { kind: 'at-end', next };
  throw new ExpressionFault(
    (arg & LINE_ENDS_OR_BEGINS) === 0
      ? '\\b and \\B are not supported: name the characters that may stand there'
      : '(?m) is not supported: there are no lines in what is compared',
  );
};

/** By re2js's Inst.op. */
const READERS: Readonly<Record<number, (out: number, arg: number, runes: readonly number[]) => Step>> = {
  1: fork, // ALT
  2: fork, // ALT_MATCH
  3: pass, // CAPTURE
  4: assertion, // EMPTY_WIDTH
  5: () => ({ kind: 'fail' }),
  6: () => ({ kind: 'match' }),
  7: pass, // NOP
  8: take, // RUNE
  9: take, // RUNE1
  10: take, // RUNE_ANY
  11: take, // RUNE_ANY_NOT_NL
};

/** Of Inst.arg. */
const LINE_ENDS_OR_BEGINS = 3;
const TEXT_BEGINS = 4;
const TEXT_ENDS = 8;
const FOLDS_CASE = 1;

const rangesOf = (runes: readonly number[], foldsCase: boolean): Ranges => {
  const [only] = runes;
  if (runes.length !== 1 || only === undefined) return runes;
  return foldsCase ? foldedRanges(only) : [only, only];
};

/**
 * All that are one letter but for case. re2js folds classes when it reads them, but a single letter as it goes along: a
 * class of two that cannot be written shorter tells what it takes for the same.
 */
const foldedRanges = (rune: number): Ranges => {
  const { inst } = compile(`(?i:[\\x{${rune.toString(16)}}\\x{10ffff}])`);
  const runes = inst.find(({ op }) => op === 8)?.runes ?? [];
  return Array.from(runes).slice(0, -2);
};
