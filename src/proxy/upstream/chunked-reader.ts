import { readFieldLines } from '../field-lines.ts';
import { MalformedResponse } from './malformed.ts';

/** Takes what a chunked body is made of. */
export interface ChunkSink {
  /** A piece of the body, good during the call only. */
  onBody(piece: Buffer): void;
  /** The body is over. */
  onTrailers(fields: readonly string[]): void;
}

/** Of one line that tells a chunk's size, extensions included, and of all trailers together. */
const MAX_SIZE_LINE = 1024;
const MAX_TRAILERS = 16 * 1024;

type State = 'size' | 'data' | 'data-end' | 'trailers' | 'over';

/**
 * Takes the chunked coding off a body (RFC 9112, 7.1), however it was cut into reads. Sizes are plain
 * hexadecimal, lines end in CRLF, extensions are passed over (7.1.1).
 */
export class ChunkedReader {
  #state: State = 'size';
  /** Bytes of the chunk that are still to come. */
  #left = 0;
  /** The beginning of a line (or of the trailers) whose end was not read yet. */
  #line = '';

  /**
   * Reads on from `at`, up to `end` at most.
   *
   * @returns where it stopped: behind the body's last byte, or at `end`
   * @throws MalformedResponse
   */
  read(bytes: Buffer, at: number, end: number, sink: ChunkSink): number {
    let from = at;
    while (from < end && this.#state !== 'over') {
      if (this.#state === 'data') from = this.#readData(bytes, from, end, sink);
      else from = this.#readLine(bytes, from, end, sink);
    }
    return from;
  }

  #readData(bytes: Buffer, from: number, end: number, sink: ChunkSink): number {
    const last = Math.min(from + this.#left, end);
    this.#left -= last - from;
    if (this.#left === 0) this.#state = 'data-end';
    sink.onBody(bytes.subarray(from, last));
    return last;
  }

  #readLine(bytes: Buffer, from: number, end: number, sink: ChunkSink): number {
    const newline = bytes.indexOf(0x0a, from);
    const isWhole = newline >= 0 && newline < end;
    const last = isWhole ? newline + 1 : end;
    this.#line += bytes.toString('latin1', from, last);
    if (this.#line.length > (this.#state === 'trailers' ? MAX_TRAILERS : MAX_SIZE_LINE)) {
      throw new MalformedResponse('a line of the chunked body is too long');
    }
    if (isWhole) this.#endLine(sink);
    return last;
  }

  #endLine(sink: ChunkSink): void {
    if (!this.#line.endsWith('\r\n'))
      throw new MalformedResponse('a line of the chunked body ends without CR');
    if (this.#state === 'trailers') {
      // All of them are kept until the empty line, and read at once.
      if (this.#line !== '\r\n' && !this.#line.endsWith('\r\n\r\n')) return;
      const fields = readFieldLines(this.#line, 0, this.#line.length);
      if (fields === undefined) throw new MalformedResponse('a trailer is malformed');
      this.#state = 'over';
      this.#line = '';
      sink.onTrailers(fields);
      return;
    }
    if (this.#state === 'data-end') {
      if (this.#line !== '\r\n') throw new MalformedResponse('a chunk is longer than its size');
      this.#state = 'size';
    } else {
      this.#left = readSize(this.#line);
      this.#state = this.#left === 0 ? 'trailers' : 'data';
    }
    this.#line = '';
  }
}

/** At most 2^52 bytes, so that it is exact as a number. Extensions hold no control characters. */
const SIZE_LINE = /^([\da-fA-F]{1,13})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?\r\n$/;

const readSize = (line: string): number => {
  const found = SIZE_LINE.exec(line);
  if (found === null) throw new MalformedResponse('the size of a chunk is no hexadecimal number');
  return Number.parseInt(found[1] as string, 16);
};
