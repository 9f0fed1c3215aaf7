import type { Socket } from 'node:net';
import type { ErrorCode } from '../../core/errors.ts';
import type { Timeouts } from '../options.ts';
import type { Outbox } from '../outbox.ts';
import type { ResponseHead } from '../response-head.ts';
import type { CallCarrier, UpstreamCall } from './call.ts';
import { Deadline } from './deadline.ts';
import type { Dialer } from './dialer.ts';
import { HandshakeFault } from './handshake-fault.ts';
import { type BodyTurn, type BodyWriter, writeRequest } from './request-writer.ts';
import { ResponseReader, type ResponseSink } from './response-reader.ts';
import { TimeLeft } from './time-left.ts';

/** Whose connection it is. */
export interface ConnectionOwner {
  /** The connection takes another request. */
  idle(connection: UpstreamConnection): void;
  /** It is gone. Called once. */
  closed(connection: UpstreamConnection): void;
}

/**
 * What every connection reads into: Node calls back before it reads the next, so nobody's bytes are there for
 * longer than a call, and no read costs a buffer of its own.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** A connection to one instance. It carries one request at a time, and no more where one went wrong. */
export class UpstreamConnection implements CallCarrier, ResponseSink {
  readonly #dialer: Dialer;
  readonly #owner: ConnectionOwner;
  readonly #timeouts: Timeouts;
  readonly #outbox: Outbox;
  readonly #socket: Socket;
  readonly #reader = new ResponseReader(this);
  readonly #deadline = new Deadline(() => this.#expire());
  readonly #timeLeft = new TimeLeft();
  #call: UpstreamCall | undefined;
  #body: BodyWriter | undefined;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #wasUsed = false;
  #hasHead = false;
  /** Set by the end of a response until the rest of what was read with it has been looked at. */
  #trailers: readonly string[] | undefined;
  #takesMore = true;
  /** When its last request was done, on performance.now()'s scale. */
  idleSince = 0;

  constructor(dialer: Dialer, timeouts: Timeouts, outbox: Outbox, owner: ConnectionOwner) {
    this.#dialer = dialer;
    this.#owner = owner;
    this.#outbox = outbox;
    this.#timeouts = timeouts;
    this.#socket = dialer.open({
      buffer: READ_BUFFER,
      callback: (count, bytes) => this.#onRead(count, bytes as Buffer),
    });
    this.#socket
      .once(dialer.readyEvent, () => this.#onConnect())
      .once('end', () => this.#onEnded())
      .on('error', cause => this.#onBroken(cause))
      .once('close', () => this.#onBroken(new Error('the connection was closed')));
    this.#deadline.set(timeouts.connect);
  }

  /** Milliseconds for which the instance said that it keeps an idle connection. */
  get keptFor(): number | undefined {
    return this.#reader.keptFor;
  }

  /** Sends as soon as it is connected. Not before the last call has ended. */
  send(call: UpstreamCall): void {
    this.#call = call;
    if (this.#state === 'open') this.#write(call);
  }

  resume(): void {
    this.#takesMore = true;
    this.#limit(this.#timeouts.responseStall);
    this.#socket.resume();
  }

  /** Ends it and whatever it carries. No call is told. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#release();
    this.#deadline.stop();
    this.#socket.destroy();
    this.#owner.closed(this);
  }

  #onConnect(): void {
    this.#state = 'open';
    this.#deadline.clear();
    if (this.#call !== undefined) this.#write(this.#call);
  }

  #write(call: UpstreamCall): void {
    const reused = this.#wasUsed;
    this.#wasUsed = true;
    this.#hasHead = false;
    this.#timeLeft.start(call.request.timeout);
    this.#reader.expect(call.request.method);
    call.onSending(reused);
    if (this.#call !== call) return;
    try {
      this.#body = writeRequest(this.#socket, this.#outbox, call.request, this.#limitHead);
    } catch (cause) {
      this.#fail('bad_request', cause as Error);
      return;
    }
    if (this.#body === undefined) this.#limitHead();
    else this.#timeLeft.pause();
  }

  /** The instance is waited for. */
  #limit(milliseconds: number): void {
    this.#deadline.set(this.#timeLeft.within(milliseconds));
  }

  /** Somebody else is. */
  #pause(): void {
    this.#timeLeft.pause();
    this.#deadline.clear();
  }

  /** The time of the client is not the instance's, nor is ours before the request is out. */
  readonly #limitHead = (turn: BodyTurn = 'nobody'): void => {
    if (this.#hasHead || this.#call === undefined) return;
    if (turn === 'client') this.#pause();
    else this.#limit(this.#call.request.headTimeout ?? this.#timeouts.responseHead);
  };

  /** @returns whether to read on */
  #onRead(count: number, bytes: Buffer): boolean {
    try {
      this.#reader.read(bytes, count);
    } catch (cause) {
      // Behind a complete response it costs the connection alone.
      if (this.#trailers === undefined) this.#fail('bad_response', cause as Error);
    }
    if (this.#trailers !== undefined) this.#end(this.#trailers);
    else if (this.#hasHead) this.#rest();
    return this.#takesMore;
  }

  /** More of the response is to come. */
  #rest(): void {
    // Given up by whoever heard of what was read: a limit set now would keep all this until it is over.
    if (this.#call === undefined) return;
    // A client that is slower is not the instance's fault.
    if (this.#takesMore) this.#limit(this.#timeouts.responseStall);
    else this.#pause();
    this.#call.onLull();
  }

  onInterim(head: ResponseHead): void {
    // Nobody was asked whether to go on.
    if (head.status !== 100) this.#call?.onInterim(head);
  }

  onHead(head: ResponseHead): void {
    this.#hasHead = true;
    this.#call?.onHead(head);
  }

  onBody(piece: Buffer): void {
    if (this.#call?.onBody(piece) === false) this.#takesMore = false;
  }

  onTrailers(fields: readonly string[]): void {
    this.#trailers = fields;
  }

  /** The response is complete. Before anybody hears of it, the connection is free or closed. */
  #end(trailers: readonly string[]): void {
    const call = this.#call;
    const isReusable = this.#reader.mayGoOn && this.#body?.isDone !== false && this.#state === 'open';
    this.#release();
    if (isReusable) this.#owner.idle(this);
    else this.close();
    call?.onEnd(trailers);
  }

  #fail(code: ErrorCode, cause: Error, isUntouched = false): void {
    const call = this.#call;
    this.close();
    call?.onFailure(code, cause, isUntouched);
  }

  #release(): void {
    this.#call = undefined;
    this.#trailers = undefined;
    this.#takesMore = true;
    this.#body?.stop();
    this.#body = undefined;
    this.#deadline.clear();
  }

  #expire(): void {
    if (this.#state === 'connecting') this.#fail('connect_failed', new Error('connecting took too long'));
    else this.#fail('upstream_timeout', new Error('the instance took too long'));
  }

  #onEnded(): void {
    if (this.#reader.end() && this.#trailers !== undefined) this.#end(this.#trailers);
    else this.#onBroken(new Error('the instance ended the connection'));
  }

  #onBroken(cause: Error): void {
    if (this.#state === 'closed') return;
    const explained = this.#reader.hasRead ? cause : this.#dialer.explain(cause);
    // With TLS 1.3 the instance may refuse us when, for us, the handshake is over: it has read no request then.
    const isRefused = explained instanceof HandshakeFault;
    if (this.#state === 'connecting' || isRefused) this.#fail('connect_failed', explained, isRefused);
    else this.#fail('upstream_reset', explained);
  }
}
