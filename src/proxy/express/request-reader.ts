import { readFieldLines } from '../field-lines.ts';
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
const REQUEST_LINE = /(?:GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS) [\x21-\x7e]+ HTTP\/1\.1\r\n/y;

/** One string for each, whose hash is known wherever it is looked up. */
const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS'] as const;

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
  REQUEST_LINE.lastIndex = 0;
  if (!REQUEST_LINE.test(text)) return undefined;
  const lineEnd = REQUEST_LINE.lastIndex;
  const rawHeaders = readFieldLines(text, lineEnd, blank + 4);
  if (rawHeaders === undefined || rawHeaders.length > limits.headerCount * 2) return undefined;
  let contentLength: number | undefined;
  let closes = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
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
          const option = (rawHeaders[i + 1] as string).toLowerCase();
          if (option === 'close') closes = true;
          else if (option !== 'keep-alive') return undefined;
        }
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') {
          const value = rawHeaders[i + 1] as string;
          if (contentLength !== undefined || !LENGTH.test(value)) return undefined;
          contentLength = Number(value);
        }
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') return undefined;
    }
  }
  if (contentLength !== undefined && contentLength > limits.keptBodyBytes) return undefined;
  const method = METHODS.find(name => text.startsWith(name)) ?? '';
  return {
    method,
    url: text.slice(method.length + 1, lineEnd - VERSION.length),
    httpVersion: '1.1',
    rawHeaders,
    headBytes: blank + 4,
    contentLength: contentLength ?? 0,
    closes,
  };
};

const LENGTH = /^\d{1,15}$/;

const VERSION = ' HTTP/1.1\r\n';
