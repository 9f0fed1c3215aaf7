import type { ServerResponse } from 'node:http';
import { fieldsOf } from '../field-lines.ts';
import type { Reply } from '../lane.ts';
import { cutOff, type OwnAnswer, rawHead } from '../respond.ts';
import { type ResponseHead, readTrailers } from '../response-head.ts';

/** A response over Node's server. */
export class FullReply implements Reply {
  sent = 0;
  status: number | undefined;
  readonly #res: ServerResponse;
  #contentLength: number | undefined;
  /** The end of a body of known length, small enough to go out with the head or alone as one string. */
  #last: string | undefined;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  inform(status: number, lines: string): void {
    const { socket, req } = this.#res;
    if (socket === null || socket.writableNeedDrain || req.httpVersion === '1.0' || status < 100) return;
    socket.write(rawHead(status, lines), 'latin1');
  }

  begin({ status, lines, contentLength, trailer }: ResponseHead, closes: boolean): void {
    const res = this.#res;
    const fields = fieldsOf(lines);
    if (closes) fields.push('Connection', 'close');
    if (trailer !== undefined && this.#willBeChunked(status, contentLength)) fields.push('Trailer', trailer);
    res.writeHead(status, fields);
    this.status = status;
    if (contentLength !== undefined) this.#contentLength = Number(contentLength);
  }

  write(piece: Buffer): boolean {
    this.sent += piece.length;
    if (this.sent === this.#contentLength && piece.length <= ONE_STRING) {
      // One write with `end` instead of two.
      this.#last = piece.toString('latin1');
      return true;
    }
    return this.#res.write(Buffer.from(piece));
  }

  onDrain(callback: () => void): void {
    this.#res.once('drain', callback);
  }

  drained(): void {
    this.#res.emit('drain');
  }

  flush(): void {
    // A head usually travels with its body's first bytes; where none are there yet, it goes alone.
    this.#res.flushHeaders();
  }

  get held(): number {
    return this.#res.writableLength;
  }

  end(trailers: readonly string[], onFlushed: () => void): void {
    if (trailers.length > 0) this.#res.addTrailers(readTrailers(trailers));
    const last = this.#last;
    const { socket } = this.#res;
    if (last === undefined || socket === null) {
      this.#end(undefined, onFlushed);
      return;
    }
    socket.cork();
    this.#res.write(last, 'latin1');
    socket.uncork();
    this.#end(undefined, onFlushed);
  }

  answer({ status, fields, body }: OwnAnswer, closes: boolean, onFlushed: () => void): void {
    const res = this.#res;
    if (closes) fields.push('Connection', 'close');
    res.writeHead(status, fields);
    this.status = status;
    const whole = res.req.method === 'HEAD' ? undefined : body;
    this.sent = whole?.length ?? 0;
    this.#end(whole, onFlushed);
  }

  /** Node's own listener comes first, which ends the connection after a last answer; a callback of `end` may not. */
  #end(body: Buffer | undefined, onFlushed: () => void): void {
    this.#res.once('finish', onFlushed).end(body);
  }

  cut(): void {
    const { socket } = this.#res;
    // Where only the connection's end delimits the body, an orderly end would make it look whole.
    if (socket !== null && this.#contentLength === undefined && !this.#res.chunkedEncoding) cutOff(socket);
    this.#res.destroy();
  }

  #willBeChunked(status: number, contentLength: string | undefined): boolean {
    return !this.#isBodiless(status) && contentLength === undefined && this.#res.req.httpVersion !== '1.0';
  }

  #isBodiless(status: number): boolean {
    return this.#res.req.method === 'HEAD' || status === 204 || status === 304;
  }
}

/** Up to so many bytes a body goes out in one string with its head: one plain write costs less than a gathered one. */
const ONE_STRING = 16 * 1024;
