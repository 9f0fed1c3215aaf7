import { Kept } from '../kept.ts';
import { type Automaton, buildAutomaton, DEAD } from './automaton.ts';
import { ExpressionFault } from './fault.ts';

/**
 * An expression of RE2 that fits the whole of a text. One look into a table for each character: 8 KiB take some tens of
 * microseconds, whatever the expression.
 */
export class Expression {
  readonly #automaton: Automaton;
  /** Of many rules that ask the same of one request the first finds out. */
  #lastText: string | undefined;
  #lastResult = false;

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
  }

  fits(text: string): boolean {
    if (text !== this.#lastText) {
      this.#lastResult = run(this.#automaton, text);
      this.#lastText = text;
    }
    return this.#lastResult;
  }
}

const run = ({ table, start, alphabet }: Automaton, text: string): boolean => {
  const { ofByte } = alphabet;
  const { length } = text;
  // An imported constant is looked up at each use: five times the work of this loop.
  const dead: number = DEAD;
  let state = start;
  for (let i = 0; i < length; i += 1) {
    const code = charCodeAt.call(text, i);
    if (code < 256) state = table[state + (ofByte[code] as number)] as number;
    else {
      const codePoint = text.codePointAt(i) as number;
      if (codePoint > 0xffff) i += 1;
      state = table[state + alphabet.of(codePoint)] as number;
    }
    if (state === dead) return false;
  }
  return table[state + alphabet.size] === 1;
};

/** Called by itself: as a method of strings of many makes V8 would look it up anew each time. */
const { charCodeAt } = String.prototype;

/**
 * The expression of a pattern, for one thing that is asked of requests: whoever asks the same shares it.
 *
 * @param subject what it is compared with, e.g. `path` or `header x-tenant`
 * @throws ExpressionFault
 */
export const expressionOf = (subject: string, pattern: string): Expression =>
  expressions.of(`${subject}\n${pattern}`, () => {
    const automaton = automatonOf(pattern);
    if (automaton instanceof ExpressionFault) throw automaton;
    return new Expression(automaton);
  });

/** Undefined where the pattern is faulty: a rule that has it fits nothing, and who reads rules tells of it. */
export const soundExpression = (subject: string, pattern: string): Expression | undefined =>
  faultOf(pattern) === undefined ? expressionOf(subject, pattern) : undefined;

/** What is wrong with a pattern, for whoever wrote it; undefined where nothing is. */
export const faultOf = (pattern: string): string | undefined => {
  const automaton = automatonOf(pattern);
  return automaton instanceof ExpressionFault ? automaton.message : undefined;
};

const automatonOf = (pattern: string): Automaton | ExpressionFault =>
  automata.of(pattern, () => {
    try {
      return buildAutomaton(pattern);
    } catch (error) {
      if (error instanceof ExpressionFault) return error;
      throw error;
    }
  });

/** One table after the other is made of mostly the same expressions, and each costs up to some milliseconds. */
const MOST_KEPT = 2_048;
const automata = new Kept<Automaton | ExpressionFault>(MOST_KEPT);
const expressions = new Kept<Expression>(MOST_KEPT);
