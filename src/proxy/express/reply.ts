import type { Socket } from 'node:net';
import { linesOf } from '../field-lines.ts';
import type { Reply } from '../lane.ts';
import type { Outbox } from '../outbox.ts';
import { type OwnAnswer, rawHead, statusLine } from '../respond.ts';
import { type ResponseHead, readTrailers } from '../response-head.ts';
import { httpDate } from './http-date.ts';

/** Up to so many bytes a body goes out in one string with its head: one plain write costs less than a gathered one. */
const ONE_STRING = 16 * 1024;

/** A response over a bare socket: what Node's server would write, in fewer steps. */
export class ExpressReply implements Reply {
  sent = 0;
  status: number | undefined;
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  readonly #isHead: boolean;
  readonly #keepAlive: string;
  #closes: boolean;
  /** Not written yet: it travels with the first bytes of the body. */
  #head = '';
  #last = '';
  #contentLength: number | undefined;
  #isChunked = false;

  /**
   * @param closes the client wants the connection to end with this answer
   * @param keepAlive the field lines of an answer after which the connection goes on
   */
  constructor(socket: Socket, outbox: Outbox, method: string, closes: boolean, keepAlive: string) {
    this.#socket = socket;
    this.#outbox = outbox;
    this.#isHead = method === 'HEAD';
    this.#closes = closes;
    this.#keepAlive = keepAlive;
  }

  /** Whether the connection ends with it. */
  get closes(): boolean {
    return this.#closes;
  }

  get held(): number {
    return this.#socket.writableLength;
  }

  inform(status: number, lines: string): void {
    if (!this.#socket.writableNeedDrain) this.#socket.write(rawHead(status, lines), 'latin1');
  }

  begin({ status, lines, hasDate, contentLength, trailer }: ResponseHead, closes: boolean): void {
    this.#closes ||= closes;
    if (contentLength !== undefined) this.#contentLength = Number(contentLength);
    this.#isChunked = contentLength === undefined && !this.#isBodiless(status);
    const announced = this.#isChunked && trailer !== undefined ? `Trailer: ${trailer}\r\n` : '';
    this.#setHead(status, lines + announced, hasDate, closes);
  }

  write(piece: Buffer): boolean {
    this.sent += piece.length;
    const socket = this.#socket;
    if (this.sent === this.#contentLength && piece.length <= ONE_STRING) {
      this.#last = piece.toString('latin1');
      return true;
    }
    socket.cork();
    this.flush();
    if (this.#isChunked) socket.write(`${piece.length.toString(16)}\r\n`, 'latin1');
    socket.write(Buffer.from(piece));
    if (this.#isChunked) socket.write('\r\n', 'latin1');
    socket.uncork();
    return !socket.writableNeedDrain;
  }

  onDrain(callback: () => void): void {
    this.#socket.once('drain', callback);
  }

  end(trailers: readonly string[], onFlushed: () => void): void {
    const last = this.#isChunked ? `0\r\n${trailerLines(trailers)}\r\n` : this.#last;
    this.#send(this.#head + last, onFlushed);
  }

  answer({ status, fields, body }: OwnAnswer, closes: boolean, onFlushed: () => void): void {
    this.#closes ||= closes;
    const whole = this.#isHead ? '' : body.toString('latin1');
    this.sent = whole.length;
    this.#setHead(status, linesOf(fields), false, closes);
    this.#send(this.#head + whole, onFlushed);
  }

  cut(): void {
    this.#socket.destroy();
  }

  flush(): void {
    if (this.#head === '') return;
    this.#socket.write(this.#head, 'latin1');
    this.#head = '';
  }

  #setHead(status: number, lines: string, hasDate: boolean, closes: boolean): void {
    this.status = status;
    let head = statusLine(status) + lines;
    // In the order of Node's server, so that both lanes write the same bytes.
    if (closes) head += 'Connection: close\r\n';
    if (!hasDate) head += `Date: ${httpDate(Date.now())}\r\n`;
    if (!closes) head += this.#closes ? 'Connection: close\r\n' : this.#keepAlive;
    this.#head = this.#isChunked ? `${head}Transfer-Encoding: chunked\r\n\r\n` : `${head}\r\n`;
  }

  #send(text: string, onFlushed: () => void): void {
    this.#head = '';
    this.#outbox.send(this.#socket, text, onFlushed);
  }

  #isBodiless(status: number): boolean {
    return this.#isHead || status === 204 || status === 304;
  }
}

const trailerLines = (raw: readonly string[]): string => {
  let lines = '';
  for (const [name, value] of readTrailers(raw)) lines += `${name}: ${value}\r\n`;
  return lines;
};
