import { RuleSyntaxError } from './syntax-error.ts';

export interface Token {
  readonly type: '&&' | '||' | '!' | '(' | ')' | ',' | 'name' | 'text' | 'end';
  /** Of a name or a text. */
  readonly value: string;
  readonly at: number;
}

const SIGNS = ['&&', '||', '!', '(', ')', ','] as const;

/**
 * The tokens of a rule, in the spelling of Go: texts in backquotes as they are, or in double quotes with escapes.
 *
 * @throws RuleSyntaxError
 */
export const tokensOf = (rule: string): Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  while (at < rule.length) {
    const token = tokenAt(rule, at);
    if (token === undefined) at += 1;
    else {
      tokens.push({ type: token.type, value: token.value, at });
      at = token.end;
    }
  }
  tokens.push({ type: 'end', value: '', at });
  return tokens;
};

type Found = Pick<Token, 'type' | 'value'> & { readonly end: number };

/** @returns undefined for a blank */
const tokenAt = (rule: string, at: number): Found | undefined => {
  const char = rule[at] as string;
  if (/\s/.test(char)) return undefined;
  const sign = SIGNS.find(each => rule.startsWith(each, at));
  if (sign !== undefined) return { type: sign, value: sign, end: at + sign.length };
  if (char === '`') return rawText(rule, at);
  if (char === '"') return quotedText(rule, at);
  const [name = ''] = /^\w+/.exec(rule.slice(at, at + 64)) ?? [];
  if (name !== '') return { type: 'name', value: name, end: at + name.length };
  const hint = char === "'" ? ': texts are in `backquotes` or "double quotes"' : '';
  throw new RuleSyntaxError(`"${char}" is not expected${hint}`, at);
};

const rawText = (rule: string, at: number): Found => {
  const end = rule.indexOf('`', at + 1);
  if (end < 0) throw new RuleSyntaxError('this backquote is never closed', at);
  return { type: 'text', value: rule.slice(at + 1, end), end: end + 1 };
};

const quotedText = (rule: string, at: number): Found => {
  let value = '';
  for (let i = at + 1; i < rule.length; ) {
    const char = rule[i] as string;
    if (char === '"') return { type: 'text', value, end: i + 1 };
    const [whole, decoded] = char === '\\' ? escapeAt(rule, i) : [char, char];
    value += decoded;
    i += whole.length;
  }
  throw new RuleSyntaxError('this quote is never closed', at);
};

const SHORT: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

/** @returns the escape as it is written, and what it stands for */
const escapeAt = (rule: string, at: number): [whole: string, decoded: string] => {
  const found = /^\\(?:([abfnrtv\\"])|x([0-9a-f]{2})|u([0-9a-f]{4}))/i.exec(rule.slice(at, at + 6));
  if (found === null) throw new RuleSyntaxError('this escape is not known', at);
  const [whole, letter, byte, unit] = found;
  if (letter === undefined) return [whole, String.fromCharCode(Number.parseInt(byte ?? unit ?? '', 16))];
  const decoded = SHORT[letter];
  if (decoded === undefined) throw new RuleSyntaxError('this escape is not known', at);
  return [whole, decoded];
};
