import type { Readable } from 'node:stream';
import type { ErrorCode } from '../core/errors.ts';
import type { TakeBody } from './body-copy.ts';
import type { RequestLines } from './intake.ts';
import type { OwnAnswer } from './respond.ts';
import type { ResponseHead } from './response-head.ts';

/** What a lane brings to an exchange: the request, its body, and the way back to the client. */

/** The body of a request, on its way from the client. */
export interface RequestBody {
  /** What an attempt sends. */
  readonly content: Readable | Buffer;
  /** Bytes taken from the client. */
  readonly received: number;
  /** A part of it was taken and not kept, so it cannot be sent another time. */
  readonly isLost: boolean;
  /** The client is to send more of it, and there is room. */
  readonly isAwaited: boolean;
  /** Calls once it can be sent: when all of it is there, or at once where it is passed on as it comes. */
  whenReady(callback: () => void): void;
  /** Has it a second time, as it comes. Before it is sent. @param most bytes */
  copy(most: number, take: TakeBody): void;
  /** No more of it is wanted. */
  destroy(): void;
}

/** A request as a lane hands it over. */
export interface Incoming extends RequestLines {
  /** All of it has come. */
  readonly isWhole: boolean;
  /** Milliseconds that the client gives the whole exchange. */
  readonly timeout?: number | undefined;
  /** Its content type, where it is a call of gRPC. */
  readonly grpcType?: string | undefined;
  /** @param onProblem called once at most; the body is destroyed then */
  openBody(contentLength: number | undefined, onProblem: (code: ErrorCode) => void): RequestBody;
  /** Asks a client that waits for it (RFC 9110, 10.1.1) for its body. Called for each attempt. */
  askForBody(): void;
  /**
   * The answer is with the operating system.
   *
   * @param hasBody whether the request has one; the client may still be sending it
   */
  answered(hasBody: boolean): void;
}

/** The client's side of one response, as a lane writes it. */
export interface Reply {
  /** Body bytes. */
  readonly sent: number;
  /** As sent; undefined before a head was. */
  readonly status: number | undefined;
  /** Of an answer of our own to a call of gRPC. */
  readonly grpcStatus?: number | undefined;
  /** Bytes of it that wait for the client. */
  readonly held: number;
  /**
   * Passes an interim response on (RFC 9110, 15.2), where the client knows them and it is its turn. One that does
   * not take them misses some, rather than that they pile up here.
   */
  inform(status: number, lines: string): void;
  /**
   * @param closes whether this is the last response on the connection
   * @throws where it finds a field that no response may carry; nothing was sent then
   */
  begin(head: ResponseHead, closes: boolean): void;
  /**
   * @param piece good during the call only
   * @returns false when the client is slower; `onDrain` tells when to go on
   */
  write(piece: Buffer): boolean;
  onDrain(callback: () => void): void;
  /** As `OnConnection` has it. */
  drained?(): void;
  /** There is no more for now: what was held back to travel together is sent. */
  flush(): void;
  /** @param onFlushed called when the last byte is with the operating system */
  end(trailers: readonly string[], onFlushed: () => void): void;
  /** An answer of the proxy's own; without its body where the request was HEAD. */
  answer(answer: OwnAnswer, closes: boolean, onFlushed: () => void): void;
  /** Ends a response that cannot be completed so that the client sees it is not whole. */
  cut(): void;
}
