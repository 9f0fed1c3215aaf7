/**
 * Field lines of a message as HTTP/1.1 writes them (RFC 9112, 5): a token, a colon, a value without control characters,
 * CRLF; then the empty line. No folded lines, no space before the colon, no line that ends in anything but CRLF: what
 * two readers could understand in two ways is left to others, or refused.
 *
 * Places in one string instead of pieces of it: every piece would be a string of another make, and V8's shortcuts are
 * made for few of those.
 */
const FIELD_LINES = /(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n/y;

/**
 * Whether that is all there is.
 *
 * @param from where the first field line begins (or the empty line, where there are none)
 * @param end where the empty line ends
 */
export const areFieldLines = (text: string, from: number, end: number): boolean => {
  FIELD_LINES.lastIndex = from;
  return FIELD_LINES.test(text) && FIELD_LINES.lastIndex === end;
};

/**
 * Reads name, value, name, value …
 *
 * @returns undefined where any of it is malformed
 */
export const readFieldLines = (text: string, from: number, end: number): string[] | undefined => {
  if (!areFieldLines(text, from, end)) return undefined;
  const fields: string[] = [];
  const last = end - 2;
  for (let at = from; at < last; ) {
    const colon = indexOf.call(text, ':', at);
    const lineEnd = indexOf.call(text, '\r\n', colon);
    fields.push(slice.call(text, at, colon), valueIn(text, colon + 1, lineEnd));
    at = lineEnd + 2;
  }
  return fields;
};

/** Name, value, name, value … as lines. */
export const linesOf = (fields: readonly string[]): string => {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return lines;
};

/** Name, value, name, value … of lines that `linesOf` made, or that were read. */
export const fieldsOf = (lines: string): string[] =>
  readFieldLines(`${lines}\r\n`, 0, lines.length + 2) ?? [];

/**
 * The same text in one piece. V8 keeps what is added together as a tree of its parts, and walks it each time that it is
 * written: once is enough for what is kept.
 */
export const inOnePiece = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

/** A value without the white space around it, mostly one space in front. @param start behind the colon @param end of its line */
export const valueIn = (text: string, start: number, end: number): string => {
  let first = start;
  let last = end;
  while (first < last && isBlank(charCodeAt.call(text, first))) first += 1;
  while (last > first && isBlank(charCodeAt.call(text, last - 1))) last -= 1;
  return slice.call(text, first, last);
};

/** Whether the value stands as it is mostly written: behind one space, and at once before the line's end. */
export const isTidy = (text: string, start: number, end: number): boolean =>
  charCodeAt.call(text, start) === SPACE &&
  end > start + 1 &&
  !isBlank(charCodeAt.call(text, start + 1)) &&
  !isBlank(charCodeAt.call(text, end - 1));

/** Whether the name at that place is this one, in any case. @param name in lower case, of letters and `-`, as long as the other */
export const isNamed = (text: string, at: number, name: string): boolean => {
  for (let i = 0; i < name.length; i += 1) {
    // Of the characters of a token only capitals become a letter by it, and none becomes a `-`.
    if ((charCodeAt.call(text, at + i) | 0x20) !== charCodeAt.call(name, i)) return false;
  }
  return true;
};

const SPACE = 0x20;

const isBlank = (code: number): boolean => code === SPACE || code === 0x09;

/** Called by themselves: as methods of strings of many makes V8 would look them up anew each time. */
const { charCodeAt, indexOf, slice } = String.prototype;
