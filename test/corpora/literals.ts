/**
 * The string literals of a source file, read without its grammar: quotes and escapes are much the same in C, C#, Go, Java,
 * Perl, Python, Ruby and Rust. Those that stand side by side, with nothing but white space, `+` or a comment between
 * them, are one.
 *
 * @returns their values, one character a byte
 */
export const readLiterals = (source: string): string[] => {
  const found: string[] = [];
  let end = -1;
  for (const match of source.matchAll(LITERAL)) {
    const { index } = match;
    const value = textOf(match);
    const isContinued = end >= 0 && JOINT.test(source.slice(end, index));
    if (isContinued) found.push((found.pop() ?? '') + value);
    else found.push(value);
    end = index + match[0].length;
  }
  return found;
};

/** Raw ones first: they hold the quotes of the others. */
const LITERAL =
  /(?<skip>\/\/[^\n]*)|(?<rust>\bb?r(?<hashes>#+)"(?<rustText>[\s\S]*?)"\k<hashes>)|(?<triple>"""|''')(?<tripleText>[\s\S]*?)\k<triple>|`(?<ticks>[^`]*)`|"(?<double>(?:[^"\\]|\\[\s\S])*)"|'(?<single>(?:[^'\\\n]|\\.)*)'/g;

const JOINT = /^(?:\s|\+|\\|\/\/[^\n]*|\/\*[\s\S]*?\*\/|\bb(?=$))*$/;

const textOf = ({ groups = {} }: RegExpMatchArray): string => {
  const { rustText, ticks, tripleText, double = '', single } = groups;
  return rustText ?? ticks ?? withoutEscapes(tripleText ?? single ?? double);
};

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  f: '\f',
  b: '\b',
  a: '\x07',
  e: '\x1b',
  0: '\0',
};

const ESCAPE =
  /\\(?:x([\da-fA-F]{2})|u\{([\da-fA-F]{1,6})\}|u([\da-fA-F]{4})|([0-3][0-7]{2})|\r?\n[\t ]*|(.))/g;

/** What `\r`, `\x0b` and their like stand for; a code point above a byte is its UTF-8. */
export const withoutEscapes = (text: string): string =>
  toBytes(
    text.replace(ESCAPE, (_, hex?: string, braced?: string, four?: string, octal?: string, one?: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      const wide = braced ?? four;
      if (wide !== undefined) return Buffer.from(codePoint(wide)).toString('latin1');
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      return one === undefined ? '' : (SIMPLE[one] ?? one);
    }),
  );

const codePoint = (hex: string): string => {
  const code = Number.parseInt(hex, 16);
  return code > 0x10ffff ? '' : String.fromCodePoint(code);
};

/** Characters that no byte is become those of their UTF-8. */
const toBytes = (text: string): string =>
  text.replace(/[^\0-\xff]+/g, wide => Buffer.from(wide).toString('latin1'));
