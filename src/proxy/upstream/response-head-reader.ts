import { areFieldLines } from '../field-lines.ts';
import { type ResponseHead, readResponseHead } from '../response-head.ts';
import { MalformedResponse } from './malformed.ts';

/** `HTTP/1.1 200 OK` (RFC 9112, 4). Servers leave the reason out, and some the space before it. */
const STATUS_LINE = /HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/y;

/**
 * @param end where the empty line behind the fields ends
 * @throws MalformedResponse
 */
export const readStatusAndFields = (text: string, end: number): ResponseHead => {
  STATUS_LINE.lastIndex = 0;
  if (!STATUS_LINE.test(text)) throw new MalformedResponse('the status line is not one of HTTP/1.1');
  const from = STATUS_LINE.lastIndex;
  if (!areFieldLines(text, from, end)) throw new MalformedResponse('a field line is malformed');
  return readResponseHead(Number(text.slice(9, 12)), text, from, end);
};

/** `HTTP/1.1` rather than `HTTP/1.0`. */
export const isCurrent = (text: string): boolean => text.charCodeAt(7) === ONE;

const ONE = 0x31;
