import { readFieldLines } from '../field-lines.ts';
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
const STATUS_LINE = /HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/y;

/**
 * @param end where the empty line behind the fields ends
 * @throws MalformedResponse
 */
export const readResponseLines = (text: string, end: number): ResponseLines => {
  STATUS_LINE.lastIndex = 0;
  if (!STATUS_LINE.test(text)) throw new MalformedResponse('the status line is not one of HTTP/1.1');
  const fields = readFieldLines(text, STATUS_LINE.lastIndex, end);
  if (fields === undefined) throw new MalformedResponse('a field line is malformed');
  return { status: Number(text.slice(9, 12)), isCurrent: text.charCodeAt(7) === ONE, fields };
};

const ONE = 0x31;
