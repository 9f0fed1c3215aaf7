import type { Connection } from '../connection.ts';
import type { Context } from '../context.ts';
import { Exchange } from '../exchange.ts';
import { isPreface } from '../h2/preface.ts';
import type { Incoming, RequestBody } from '../lane.ts';
import { answerSocket, closeAfter, problem } from '../respond.ts';
import type { Placed } from '../running.ts';
import { WholeBody } from './body.ts';
import type { Inlet } from './inlet.ts';
import { ExpressReply } from './reply.ts';
import { type PlainRequest, readPlainRequest } from './request-reader.ts';

/** Takes a connection over for good, with the bytes that were read from it and not used; they are its to keep. */
export type HandOver = (lane: ExpressLane, bytes: Buffer) => void;

/**
 * The short way of plain requests: one connection, read without Node's HTTP server. At the first bytes that are not
 * all of the head of a plain request, the connection goes to the full lane, untouched, and stays there.
 */
export class ExpressLane implements Placed {
  place = -1;
  readonly #ctx: Context;
  readonly #connection: Connection;
  readonly #inlet: Inlet;
  readonly #handOver: HandOver;
  /** The request under way. */
  #current: Passage | undefined;
  /** What the client sent ahead. No more is read meanwhile. */
  #ahead: Buffer | undefined;
  #hasServed = false;
  /** The beginning of what may become the preface of HTTP/2. */
  #begun: Buffer | undefined;
  #idleSince = performance.now();

  constructor(ctx: Context, connection: Connection, inlet: Inlet, handOver: HandOver) {
    this.#ctx = ctx;
    this.#connection = connection;
    this.#inlet = inlet;
    this.#handOver = handOver;
    connection.socket.on('end', this.#onEnd).on('error', ignore);
    inlet.open(this.#onBytes);
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** No request has come yet. */
  get isNew(): boolean {
    return !this.#hasServed;
  }

  /** Ends it where nothing came for too long. Called now and then. @param now on performance.now()'s scale */
  endIdle(now: number): void {
    const { keepAlive, requestHead, linger } = this.#ctx.timeouts;
    if (this.#current !== undefined || !this.#connection.socket.writable) return;
    const limit = this.#hasServed ? keepAlive : requestHead;
    if (limit === 0 || now - this.#idleSince < limit) return;
    if (this.#hasServed) this.#connection.socket.destroySoon();
    else answerSocket(this.#connection.socket, problem('request_timeout', this.#ctx.nextId()), linger);
  }

  readonly #onBytes = (bytes: Buffer): void => {
    if (!this.#hasServed) this.#readFirst(bytes);
    else if (this.#current === undefined) this.#read(bytes);
    else this.#keepAhead(this.#current.take(bytes));
  };

  /** As Node's server has it, a client that will send no more takes no more either. */
  readonly #onEnd = (): void => {
    this.#connection.socket.end();
  };

  /** Of a preface, all is needed to tell who goes on with it. */
  #readFirst(bytes: Buffer): void {
    const first = this.#begun === undefined ? bytes : Buffer.concat([this.#begun, bytes]);
    this.#begun = isPreface(first) === 'perhaps' ? Buffer.from(first) : undefined;
    if (this.#begun === undefined) this.#read(first);
  }

  #read(bytes: Buffer): void {
    const request = readPlainRequest(bytes.toString('latin1'), this.#ctx.limits);
    if (request === undefined || isFollowed(request, bytes) || this.#isForTheProxy(request)) {
      this.#leave(bytes);
      return;
    }
    this.#hasServed = true;
    const passage = new Passage(this.#ctx, this.#connection, request, this.#next);
    this.#current = passage;
    if (request.contentLength > 0) passage.take(bytes.subarray(request.headBytes));
    passage.begin();
  }

  /** Whoever asks whether the proxy is ready is answered there. */
  #isForTheProxy({ url }: PlainRequest): boolean {
    const { readyPath } = this.#ctx;
    return readyPath !== undefined && url.startsWith(readyPath);
  }

  #keepAhead(bytes: Buffer | undefined): void {
    if (bytes === undefined) return;
    if (this.#current === undefined) {
      this.#leave(bytes);
      return;
    }
    this.#ahead = Buffer.concat(this.#ahead === undefined ? [bytes] : [this.#ahead, bytes]);
    this.#connection.socket.pause();
  }

  readonly #next = (closes: boolean): void => {
    this.#current = undefined;
    this.#idleSince = performance.now();
    if (closes) this.#connection.socket.destroySoon();
    else if (this.#ahead !== undefined) this.#readAhead(this.#ahead);
  };

  /** Over TLS a client often has an answer, and sends on, before it is told here that the answer has left. */
  #readAhead(bytes: Buffer): void {
    this.#ahead = undefined;
    this.#read(bytes);
    if (this.#current !== undefined) this.#connection.socket.resume();
  }

  #leave(bytes: Buffer): void {
    const { socket } = this.#connection;
    socket.off('end', this.#onEnd);
    this.#inlet.leave();
    this.#ahead = undefined;
    if (!socket.destroyed) this.#handOver(this, Buffer.from(bytes));
  }
}

/** Whether there is more than it asks for: a client that pipelines. */
const isFollowed = ({ headBytes, contentLength }: PlainRequest, bytes: Buffer): boolean =>
  bytes.length > headBytes + contentLength;

/** What it breaks tells the end of the connection, and that is listened to. */
const ignore = (): void => {};

/** One plain request on its way through. */
class Passage implements Incoming {
  readonly method: string;
  readonly url: string;
  readonly httpVersion = '1.1';
  readonly rawHeaders: readonly string[];
  readonly #ctx: Context;
  readonly #connection: Connection;
  readonly #body: WholeBody;
  readonly #reply: ExpressReply;
  readonly #onDone: (closes: boolean) => void;
  /** Runs once it is answered while the client still sends its body. */
  #linger: NodeJS.Timeout | undefined;

  constructor(
    ctx: Context,
    connection: Connection,
    request: PlainRequest,
    onDone: (closes: boolean) => void,
  ) {
    const { method, url, rawHeaders, contentLength, closes } = request;
    this.method = method;
    this.url = url;
    this.rawHeaders = rawHeaders;
    this.#ctx = ctx;
    this.#connection = connection;
    this.#body = new WholeBody(contentLength);
    this.#reply = new ExpressReply(connection.socket, ctx.outbox, method, closes, ctx.keepAliveLines);
    this.#onDone = onDone;
  }

  get isWhole(): boolean {
    return this.#body.missing === 0;
  }

  begin(): void {
    this.#connection.enter(new Exchange(this.#ctx, this.#connection, this, this.#reply));
  }

  /** @returns what is behind the end of the request */
  take(bytes: Buffer): Buffer | undefined {
    const { missing } = this.#body;
    if (bytes.length > 0 && missing > 0) this.#body.add(bytes.subarray(0, missing));
    if (this.#linger !== undefined && this.#body.missing === 0) {
      this.#connection.socket.off('close', this.#stopLinger);
      this.#stopLinger();
      this.#onDone(false);
    }
    return bytes.length > missing ? bytes.subarray(missing) : undefined;
  }

  openBody(): RequestBody {
    return this.#body;
  }

  /** Nobody waits for it: that would not be a plain request. */
  askForBody(): void {}

  answered(): void {
    const { socket } = this.#connection;
    const { linger } = this.#ctx.timeouts;
    if (this.#body.missing === 0) {
      this.#onDone(this.#reply.closes);
    } else if (this.#reply.closes) {
      // Closed at once, the connection would be reset and the answer lost on the way (RFC 9112, 9.6).
      socket.end();
      closeAfter(socket, linger);
    } else {
      this.#linger = setTimeout(() => socket.destroy(), linger).unref();
      socket.once('close', this.#stopLinger);
    }
  }

  readonly #stopLinger = (): void => clearTimeout(this.#linger);
}
