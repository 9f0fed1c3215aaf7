import { RuleSyntaxError } from './syntax-error.ts';
import { type Token, tokensOf } from './tokens.ts';

/** A rule as it is written: matchers, joined by `&&`, `||` and `!`. */
export type Expression =
  | { readonly type: 'matcher'; readonly name: string; readonly args: readonly string[]; readonly at: number }
  | { readonly type: 'not'; readonly of: Expression }
  | { readonly type: 'and' | 'or'; readonly all: readonly Expression[] };

const DEEPEST = 32;
const LONGEST = 8_192;

/**
 * Reads a rule of Traefik v3: `||` joins what `&&` joins, which binds tighter; `!` stands before a matcher or a
 * parenthesis.
 *
 * @throws RuleSyntaxError
 */
export const parseRule = (rule: string): Expression => {
  if (rule.length > LONGEST) throw new RuleSyntaxError('the rule is too long', LONGEST);
  const reader = new Reader(tokensOf(rule));
  const expression = reader.or(0);
  reader.take('end');
  return expression;
};

class Reader {
  readonly #tokens: readonly Token[];
  #next = 0;

  /** @param tokens the last one is the end */
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  or(depth: number): Expression {
    const all = [this.#and(depth)];
    while (this.#skip('||')) all.push(this.#and(depth));
    return joined('or', all);
  }

  take(type: Token['type']): Token {
    const token = this.#token;
    if (token.type !== type)
      throw new RuleSyntaxError(`${spoken(type)} is expected, not ${spokenToken(token)}`, token.at);
    this.#next += 1;
    return token;
  }

  #and(depth: number): Expression {
    const all = [this.#one(depth)];
    while (this.#skip('&&')) all.push(this.#one(depth));
    return joined('and', all);
  }

  #one(depth: number): Expression {
    if (depth > DEEPEST) throw new RuleSyntaxError('this is nested too deeply', this.#token.at);
    if (this.#skip('!')) return { type: 'not', of: this.#one(depth + 1) };
    if (!this.#skip('(')) return this.#matcher();
    const inner = this.or(depth + 1);
    this.take(')');
    return inner;
  }

  #matcher(): Expression {
    const { value: name, at } = this.take('name');
    this.take('(');
    const args: string[] = [];
    if (this.#token.type !== ')') {
      do args.push(this.take('text').value);
      while (this.#skip(','));
    }
    this.take(')');
    return { type: 'matcher', name, args, at };
  }

  #skip(type: Token['type']): boolean {
    const isThere = this.#token.type === type;
    if (isThere) this.#next += 1;
    return isThere;
  }

  get #token(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] as Token;
  }
}

const joined = (type: 'and' | 'or', all: readonly Expression[]): Expression => {
  const [only, second] = all;
  return only !== undefined && second === undefined ? only : { type, all };
};

const spoken = (type: Token['type']): string => {
  if (type === 'name') return 'a matcher such as Host(`…`)';
  if (type === 'text') return 'a text in `backquotes` or "double quotes"';
  return type === 'end' ? 'the end' : `"${type}"`;
};

const spokenToken = ({ type, value }: Token): string => (type === 'end' ? 'the end' : `"${value}"`);
