import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { ERRORS, type ErrorCode } from '../core/errors.ts';
import type { Answer } from '../core/filters/answer.ts';
import { editFields, type HeaderEdit } from '../core/filters/header-change.ts';
import { inOnePiece, linesOf } from './field-lines.ts';

/** An answer that the proxy gives on its own account. */
export interface OwnAnswer {
  readonly status: number;
  readonly fields: string[];
  readonly body: Buffer;
  /** The same in a sentence, for a client that takes no body. */
  readonly sentence?: string;
}

/** Seconds after which a caller may try an overloaded gateway again. */
const RETRY_AFTER = '1';

/** RFC 9457, with a stable code, the id to find it by in the logs, and nothing of the inside. @param more fields */
export const problem = (code: ErrorCode, requestId: string, more: readonly string[] = []): OwnAnswer => {
  const { status, title } = ERRORS[code];
  const type = `urn:sluice:problem:${code}`;
  const body = Buffer.from(`${JSON.stringify({ type, title, status, code, requestId })}\n`);
  const fields = ['Content-Type', 'application/problem+json', 'Cache-Control', 'no-store', ...more];
  if (code === 'overloaded') fields.push('Retry-After', RETRY_AFTER);
  return { ...answer(status, fields, requestId, body), sentence: `${title} (${code})` };
};

export const plain = (status: number, text: string, requestId: string): OwnAnswer =>
  answer(status, ['Content-Type', 'text/plain', 'Cache-Control', 'no-store'], requestId, Buffer.from(text));

/** What a rule answers by itself. */
export const ruled = ({ status, fields, body = NOTHING }: Answer, requestId: string): OwnAnswer =>
  answer(status, [...fields], requestId, body);

const NOTHING = Buffer.alloc(0);

/** An answer of ours with what the rule makes of its fields. */
export const edited = <T extends { readonly fields: readonly string[] }>(
  answer: T,
  edit: HeaderEdit | undefined,
): T => (edit === undefined ? answer : { ...answer, fields: editFields(answer.fields, edit) });

const answer = (status: number, fields: string[], requestId: string, body: Buffer): OwnAnswer => {
  fields.push('X-Request-Id', requestId);
  // RFC 9110, 8.6.
  if (status !== 204) fields.push('Content-Length', `${body.length}`);
  return { status, fields, body };
};

const STATUS_LINES: ReadonlyMap<number, string> = new Map(
  Object.entries(STATUS_CODES).map(([status, reason]) => [
    Number(status),
    inOnePiece(`HTTP/1.1 ${status} ${reason}\r\n`),
  ]),
);

export const statusLine = (status: number): string =>
  STATUS_LINES.get(status) ?? `HTTP/1.1 ${status} unknown\r\n`;

/** The head of a response for a socket that no HTTP server holds. @param lines of its fields, each with its CRLF */
export const rawHead = (status: number, lines: string): string => `${statusLine(status)}${lines}\r\n`;

/**
 * Writes a whole answer to a bare socket and closes it once the client has seen it: at once, unread bytes of the
 * client would reset the connection and the answer be lost (RFC 9112, 9.6).
 */
export const answerSocket = (socket: Duplex, { status, fields, body }: OwnAnswer, linger: number): void => {
  socket.write(rawHead(status, `${linesOf(fields)}Connection: close\r\n`), 'latin1');
  socket.end(body);
  closeAfter(socket, linger);
};

/**
 * Ends a connection in the midst of an answer, so that nobody takes what has come of it for all: a reset, or over TLS, where
 * Node has none, an end that its protocol does not announce (RFC 8446, 6.1).
 */
export const cutOff = (socket: Socket): void => {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
};

/** Lets the other side close the connection, for so many milliseconds. */
export const closeAfter = (socket: Duplex, linger: number): void => {
  const timer = setTimeout(() => socket.destroy(), linger).unref();
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
};
