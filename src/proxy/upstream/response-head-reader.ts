import { MalformedResponse } from './malformed.ts';

/** The head of a response as it came. */
export interface ResponseLines {
  readonly status: number;
  /** `HTTP/1.1` rather than `HTTP/1.0`. */
  readonly isCurrent: boolean;
  /** Name, value, name, value … in latin1. */
  readonly fields: string[];
}

/** `HTTP/1.1 200 OK` (RFC 9112, 4). Servers leave the reason out, and some the space before it. */
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;

/**
 * Field lines, each with its end (RFC 9112, 5): a token, a colon, a value without control characters. No
 * folded lines, no space before the colon, no line that ends in anything but CRLF: what two readers could
 * understand in two ways is no response.
 */
const FIELD_LINES = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;

/**
 * @param text everything before the empty line, the last CRLF of the fields included
 * @throws MalformedResponse
 */
export const readResponseLines = (text: string): ResponseLines => {
  const end = text.indexOf('\r\n');
  const status = STATUS_LINE.exec(text.slice(0, end));
  if (status === null) throw new MalformedResponse('the status line is not one of HTTP/1.1');
  return {
    status: Number(status[2]),
    isCurrent: status[1] === '1',
    fields: readFieldLines(text, end + 2),
  };
};

/**
 * @param from where in `text` the first field line begins; all of them end with CRLF
 * @throws MalformedResponse
 */
export const readFieldLines = (text: string, from: number): string[] => {
  if (!FIELD_LINES.test(from === 0 ? text : text.slice(from))) {
    throw new MalformedResponse('a field line is malformed');
  }
  const fields: string[] = [];
  let at = from;
  while (at < text.length) {
    const colon = text.indexOf(':', at);
    const end = text.indexOf('\r\n', colon);
    fields.push(text.slice(at, colon), trimmed(text, colon + 1, end));
    at = end + 2;
  }
  return fields;
};

/** A value without the white space around it (RFC 9112, 5.1), mostly one space in front. */
const trimmed = (text: string, start: number, end: number): string => {
  let first = start;
  let last = end;
  while (first < last && isBlank(text.charCodeAt(first))) first += 1;
  while (last > first && isBlank(text.charCodeAt(last - 1))) last -= 1;
  return text.slice(first, last);
};

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
