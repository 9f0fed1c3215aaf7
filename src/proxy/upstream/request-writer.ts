import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Outbox } from '../outbox.ts';

/** A request as it goes to an instance. */
/** A body on its way from the client. */
export interface BodyStream extends Readable {
  /** All of it, once it has come, where it was kept: it can be sent again. */
  readonly whole?: Buffer | undefined;
}

export interface UpstreamRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  /** Its fields but those that frame the body, each line with its CRLF. */
  readonly lines: string;
  /** As the client has it; a body without one goes in chunks. */
  readonly contentLength: string | undefined;
  /** A whole one, a stream that is passed on as it comes, or none. */
  readonly body: Buffer | BodyStream | undefined;
  /** Milliseconds to the end of the response; undefined or 0 is without limit. */
  readonly timeout?: number | undefined;
  /** Milliseconds to the head of the response, where they are not the usual ones; 0 is without limit. */
  readonly headTimeout?: number | undefined;
}

/** One write costs less than two; up to so many bytes a body is worth copying for it. */
const ONE_STRING = 4 * 1024;

/** Methods whose requests tell their length even if it is 0 (RFC 9110, 8.6). */
const EXPECTS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

const CHUNKED = 'Transfer-Encoding: chunked\r\n';

const PATH = /^[\x21-\x7e\x80-\xff]+$/;

export const isSoundPath = (path: string): boolean => PATH.test(path);

/** @throws where the path would break the request's line */
const requestHead = (request: UpstreamRequest): string => {
  const { method, path, lines } = request;
  if (!isSoundPath(path)) throw new Error('the path holds characters that no request line may hold');
  return `${method} ${path} HTTP/1.1\r\n${lines}${framingLine(request)}\r\n`;
};

const framingLine = (request: UpstreamRequest): string => {
  const length = lengthToTell(request);
  if (length !== undefined) return `Content-Length: ${length}\r\n`;
  return request.body === undefined ? '' : CHUNKED;
};

/** The content length of a request, where it has or ought to have one. */
export const lengthToTell = ({ method, contentLength, body }: UpstreamRequest): string | undefined =>
  contentLength ?? (body === undefined && EXPECTS_BODY.has(method) ? '0' : undefined);

/**
 * Writes the head and what is there of the body.
 *
 * @param turn told whom the request waits for as that changes: of what is sent at once, `nobody` when it is out
 * @returns what writes the rest, where there is one
 */
export const writeRequest = (
  socket: Socket,
  outbox: Outbox,
  request: UpstreamRequest,
  turn: (to?: BodyTurn) => void,
): BodyWriter | undefined => {
  const head = requestHead(request);
  const { body } = request;
  if (body === undefined) {
    outbox.send(socket, head, turn);
  } else if (Buffer.isBuffer(body)) {
    if (body.length <= ONE_STRING) outbox.send(socket, head + body.toString('latin1'), turn);
    else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    }
  } else {
    socket.write(head, 'latin1');
    return new BodyWriter(socket, body, request.contentLength === undefined, turn);
  }
  return undefined;
};

/** Whom a request waits for: the client to send more of it, the instance to take more of it, or nobody: it is sent. */
export type BodyTurn = 'client' | 'instance' | 'nobody';

/** Passes a body on as it comes; what the instance has no room for stays with the client. */
export class BodyWriter {
  readonly #socket: Socket;
  readonly #body: Readable;
  readonly #isChunked: boolean;
  readonly #turn: (to: BodyTurn) => void;
  #isDone = false;

  constructor(socket: Socket, body: Readable, isChunked: boolean, turn: (to: BodyTurn) => void) {
    this.#socket = socket;
    this.#body = body;
    this.#isChunked = isChunked;
    this.#turn = turn;
    body.on('data', this.#onData).on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
  }

  /** Every byte of it is on its way. */
  get isDone(): boolean {
    return this.#isDone;
  }

  stop(): void {
    this.#body.off('data', this.#onData).off('end', this.#onEnd);
    this.#socket.off('drain', this.#onDrain);
  }

  readonly #onData = (piece: Buffer): void => {
    const socket = this.#socket;
    if (this.#isChunked) {
      socket.cork();
      socket.write(`${piece.length.toString(16)}\r\n`, 'latin1');
      socket.write(piece);
      socket.write('\r\n', 'latin1');
      socket.uncork();
    } else socket.write(piece);
    if (!socket.writableNeedDrain) return;
    this.#body.pause();
    this.#turn('instance');
  };

  readonly #onEnd = (): void => {
    if (this.#isChunked) this.#socket.write('0\r\n\r\n', 'latin1');
    this.#isDone = true;
    this.stop();
    this.#turn('nobody');
  };

  readonly #onDrain = (): void => {
    this.#turn('client');
    this.#body.resume();
  };
}
