import type { RequestLines } from '../intake.ts';

/** A request of a shape that leaves nothing to interpret, with where its body begins. */
export interface PlainRequest extends RequestLines {
  /** Bytes of the head, the empty line included. */
  readonly headBytes: number;
  /** 0 where it has no body. */
  readonly contentLength: number;
  /** The client wants the connection to end with the answer. */
  readonly closes: boolean;
}

export interface PlainLimits {
  readonly headerBytes: number;
  readonly headerCount: number;
  /** Of a body that is read whole. */
  readonly keptBodyBytes: number;
}

/** `GET /path HTTP/1.1`: visible ASCII and single spaces (RFC 9112, 3), a method whose requests are ordinary ones. */
const REQUEST_LINE = /^(GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS) ([\x21-\x7e]+) HTTP\/1\.1$/;

/** Tokens, colons and values without control characters, each line with its CRLF (RFC 9112, 5). */
const FIELD_LINES = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;

/** No head that is longer is looked at: this much comes in one read. */
const LONGEST = 8 * 1024;

/**
 * Reads a request that is there from its first byte to the end of its head and that Node's parser would read in the same
 * way, whatever it is asked to forgive.
 *
 * Everything else is none of its business, and is not judged here: a head that is not all there, other versions and
 * methods, malformed lines, transfer codings, two lengths, a body over the limit, `Expect`, upgrades, any connection
 * option but `keep-alive` and `close`.
 *
 * @param text what was read, in latin1
 */
export const readPlainRequest = (text: string, limits: PlainLimits): PlainRequest | undefined => {
  const blank = text.indexOf('\r\n\r\n');
  if (blank < 0 || blank > LONGEST || blank > limits.headerBytes) return undefined;
  const lineEnd = text.indexOf('\r\n');
  const line = REQUEST_LINE.exec(text.slice(0, lineEnd));
  if (line === null || !FIELD_LINES.test(text.slice(lineEnd + 2, blank + 2))) return undefined;
  const rawHeaders: string[] = [];
  let contentLength: number | undefined;
  let closes = false;
  for (let at = lineEnd + 2; at < blank; ) {
    const colon = text.indexOf(':', at);
    const end = text.indexOf('\r\n', colon);
    const name = text.slice(at, colon);
    const value = trimmed(text, colon + 1, end);
    rawHeaders.push(name, value);
    at = end + 2;
    // Lengths single out the few names that matter; hardly any other is turned to lower case.
    switch (name.length) {
      case 6:
        if (name.toLowerCase() === 'expect') return undefined;
        break;
      case 7:
        if (name.toLowerCase() === 'upgrade') return undefined;
        break;
      case 10:
        if (name.toLowerCase() === 'connection') {
          const option = value.toLowerCase();
          if (option === 'close') closes = true;
          else if (option !== 'keep-alive') return undefined;
        }
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') {
          if (contentLength !== undefined || !LENGTH.test(value)) return undefined;
          contentLength = Number(value);
        }
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') return undefined;
    }
  }
  if (rawHeaders.length > limits.headerCount * 2) return undefined;
  if (contentLength !== undefined && contentLength > limits.keptBodyBytes) return undefined;
  return {
    method: line[1] as string,
    url: line[2] as string,
    httpVersion: '1.1',
    rawHeaders,
    headBytes: blank + 4,
    contentLength: contentLength ?? 0,
    closes,
  };
};

const LENGTH = /^\d{1,15}$/;

/** A value without the white space around it (RFC 9112, 5.1), mostly one space in front. */
const trimmed = (text: string, start: number, end: number): string => {
  let first = start;
  let last = end;
  while (first < last && isBlank(text.charCodeAt(first))) first += 1;
  while (last > first && isBlank(text.charCodeAt(last - 1))) last -= 1;
  return text.slice(first, last);
};

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
