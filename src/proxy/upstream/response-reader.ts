import type { ResponseHead } from '../response-head.ts';
import { ChunkedReader, type ChunkSink } from './chunked-reader.ts';
import { MalformedResponse } from './malformed.ts';
import { isCurrent, readStatusAndFields } from './response-head-reader.ts';

/** Takes one response after another as they are read from a connection. */
export interface ResponseSink extends ChunkSink {
  /** An interim response (1xx); another follows. */
  onInterim(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
}

/** Of a response's status line and fields together. */
const MAX_HEAD_BYTES = 64 * 1024;
/** Fields of one head. */
const MAX_FIELDS = 1_000;
/** Nearly every head is shorter: no more of a read is turned into text before the end of the head is found. */
const USUAL_HEAD = 2_048;

/** How the end of a body is known (RFC 9112, 6.3). */
type Body = { readonly kind: 'length'; left: number } | ChunkedReader | 'close';

/**
 * Reads the responses of one HTTP/1.1 connection, however they are cut into reads. Bytes go in, calls of the
 * sink come out; it holds no socket.
 *
 * It is told of each request before its response may come. Stricter than the RFC asks, since the connections of
 * instances are shared: what could leave the end of a response in doubt is refused.
 */
export class ResponseReader {
  readonly #sink: ResponseSink;
  #awaits: 'nothing' | 'head' | 'body' = 'nothing';
  #isHeadRequest = false;
  /** What was read of a head whose end is still to come. */
  #text = '';
  #body: Body = 'close';
  #mayGoOn = true;
  #keptFor: number | undefined;
  #hasRead = false;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  expect(method: string): void {
    this.#awaits = 'head';
    this.#isHeadRequest = method === 'HEAD';
  }

  /** The connection takes another request, as far as its last response goes (RFC 9112, 9.3). */
  get mayGoOn(): boolean {
    return this.#mayGoOn;
  }

  /** Whether a byte has come. */
  get hasRead(): boolean {
    return this.#hasRead;
  }

  /** Milliseconds for which the instance said that it keeps an idle connection. */
  get keptFor(): number | undefined {
    return this.#keptFor;
  }

  /**
   * Reads the bytes before `end`.
   *
   * @throws MalformedResponse where they are none of a response, and for bytes behind the end of one
   */
  read(bytes: Buffer, end: number): void {
    this.#hasRead = true;
    let at = 0;
    while (at < end) {
      if (this.#awaits === 'head') at = this.#readHead(bytes, at, end);
      else if (this.#awaits === 'body') at = this.#readBody(bytes, at, end);
      else {
        this.#mayGoOn = false;
        throw new MalformedResponse('there are bytes that belong to no response');
      }
    }
  }

  /**
   * The other side has ended.
   *
   * @returns whether that completed a response
   */
  end(): boolean {
    if (this.#awaits !== 'body' || this.#body !== 'close') return false;
    this.#finish(NO_FIELDS);
    return true;
  }

  #readHead(bytes: Buffer, at: number, end: number): number {
    const before = this.#text.length;
    const usual = Math.min(end, at + USUAL_HEAD);
    this.#text += bytes.toString('latin1', at, usual);
    let blank = this.#text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (blank < 0 && usual < end) {
      this.#text += bytes.toString('latin1', usual, end);
      blank = this.#text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    }
    if ((blank < 0 ? this.#text.length : blank) > MAX_HEAD_BYTES) {
      throw new MalformedResponse('the head of the response is too large');
    }
    if (blank < 0) {
      if (!looksLikeHead(this.#text)) throw new MalformedResponse('the response is not one of HTTP/1.1');
      return end;
    }
    const text = this.#text;
    this.#text = '';
    this.#take(readStatusAndFields(text, blank + 4), isCurrent(text));
    return at + blank + 4 - before;
  }

  #take(head: ResponseHead, isCurrent: boolean): void {
    const { status } = head;
    if (head.fieldCount > MAX_FIELDS) throw new MalformedResponse('the response has too many fields');
    if (status < 200) {
      if (status === 101) throw new MalformedResponse('the response upgrades what nobody asked to upgrade');
      this.#sink.onInterim(head);
      return;
    }
    const framing = readFraming(head);
    this.#mayGoOn = isCurrent && !framing.closes;
    this.#keptFor = framing.keptFor;
    const isBodiless = this.#isHeadRequest || status === 204 || status === 304;
    if (framing.isChunked) {
      // RFC 9112, 6.1: an HTTP/1.0 server cannot mean it.
      if (!isCurrent) throw new MalformedResponse('an HTTP/1.0 response has a transfer coding');
      this.#body = new ChunkedReader();
    } else if (framing.length !== undefined) {
      this.#body = { kind: 'length', left: framing.length };
    } else {
      this.#body = 'close';
      if (!isBodiless) this.#mayGoOn = false;
    }
    this.#awaits = 'body';
    this.#sink.onHead(head);
    // RFC 9112, 6.1 and 6.3: a 204 has no body, and who announces one may send it, as the next answer.
    if (status === 204 && (framing.isChunked || (framing.length ?? 0) > 0)) this.#mayGoOn = false;
    if (isBodiless || framing.length === 0) this.#finish(NO_FIELDS);
  }

  #readBody(bytes: Buffer, at: number, end: number): number {
    const body = this.#body;
    if (body instanceof ChunkedReader) return body.read(bytes, at, end, this);
    if (body === 'close') {
      this.#sink.onBody(bytes.subarray(at, end));
      return end;
    }
    const last = Math.min(at + body.left, end);
    body.left -= last - at;
    this.#sink.onBody(bytes.subarray(at, last));
    if (body.left === 0) this.#finish(NO_FIELDS);
    return last;
  }

  onBody(piece: Buffer): void {
    this.#sink.onBody(piece);
  }

  onTrailers(fields: readonly string[]): void {
    this.#finish(fields);
  }

  #finish(trailers: readonly string[]): void {
    this.#awaits = 'nothing';
    this.#sink.onTrailers(trailers);
  }
}

const BEGINNING = 'HTTP/1.';

/** Whoever speaks another protocol may never end a line, and is not waited for. */
const looksLikeHead = (text: string): boolean => text.startsWith(BEGINNING) || BEGINNING.startsWith(text);

const NO_FIELDS: readonly string[] = [];

interface Framing {
  readonly isChunked: boolean;
  readonly length: number | undefined;
  /** The server will close the connection. */
  readonly closes: boolean;
  /** Milliseconds, as `Keep-Alive: timeout=5` says it. */
  readonly keptFor: number | undefined;
}

const KEPT_FOR = /(?:^|[\s,])timeout\s*=\s*"?(\d{1,6})/i;
const CLOSES = /(?:^|[\s,])close(?:$|[\s,])/i;

/** @throws MalformedResponse where the end of the body is in doubt */
const readFraming = ({ contentLength, transferEncoding, connection, keepAlive }: ResponseHead): Framing => {
  // Two of them, joined by a comma, are no number either.
  if (contentLength !== undefined && !LENGTH.test(contentLength)) {
    throw new MalformedResponse('the content length of the response is not one number');
  }
  if (transferEncoding !== undefined && transferEncoding.toLowerCase() !== 'chunked') {
    throw new MalformedResponse('the response has a transfer coding that cannot be passed on');
  }
  if (transferEncoding !== undefined && contentLength !== undefined) {
    throw new MalformedResponse('the response has both a content length and a transfer coding');
  }
  const seconds = keepAlive === undefined ? undefined : KEPT_FOR.exec(keepAlive)?.[1];
  return {
    isChunked: transferEncoding !== undefined,
    length: contentLength === undefined ? undefined : Number(contentLength),
    closes: connection !== undefined && CLOSES.test(connection),
    keptFor: seconds === undefined ? undefined : Number(seconds) * 1000,
  };
};

const LENGTH = /^\d{1,15}$/;
