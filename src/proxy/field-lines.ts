/**
 * Field lines of a message as HTTP/1.1 writes them (RFC 9112, 5): a token, a colon, a value without control characters,
 * CRLF; then the empty line. No folded lines, no space before the colon, no line that ends in anything but CRLF: what
 * two readers could understand in two ways is left to others, or refused.
 */
const FIELD_LINES = /(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n/y;

/**
 * Reads name, value, name, value …
 *
 * Places in one string instead of pieces of it: every piece would be a string of another make, and V8's shortcuts are
 * made for few of those.
 *
 * @param from where the first field line begins (or the empty line, where there are none)
 * @param end where the empty line ends
 * @returns undefined where any of it is malformed
 */
export const readFieldLines = (text: string, from: number, end: number): string[] | undefined => {
  FIELD_LINES.lastIndex = from;
  if (!FIELD_LINES.test(text) || FIELD_LINES.lastIndex !== end) return undefined;
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

/** A value without the white space around it, mostly one space in front. */
const valueIn = (text: string, start: number, end: number): string => {
  let first = start;
  let last = end;
  while (first < last && isBlank(charCodeAt.call(text, first))) first += 1;
  while (last > first && isBlank(charCodeAt.call(text, last - 1))) last -= 1;
  return slice.call(text, first, last);
};

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** Called by themselves: as methods of strings of many makes V8 would look them up anew each time. */
const { charCodeAt, indexOf, slice } = String.prototype;
