import type { OutgoingHttpHeaders } from 'node:http2';
import { encodeGrpcMessage } from '../../core/grpc.ts';
import { fieldsOf } from '../field-lines.ts';
import type { OwnAnswer } from '../respond.ts';
import { readTrailers } from '../response-head.ts';

/** Fields of an HTTP/1.1 connection, which make a message of HTTP/2 malformed (RFC 9113, 8.2.2). */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** Fields whose lines may not be joined by a comma, or are mostly read badly where they are. */
const IN_LINES: ReadonlySet<string> = new Set([
  'set-cookie',
  'www-authenticate',
  'proxy-authenticate',
  'link',
]);

/**
 * The head of a response as Node's HTTP/2 takes it.
 *
 * @param lines of its fields, each with its CRLF
 */
export const headOf = (status: number, lines: string): OutgoingHttpHeaders => {
  const head = withFields(fieldsOf(lines));
  head[':status'] = status;
  return head;
};

/** @param fields name, value, name, value … */
export const withFields = (fields: readonly string[]): OutgoingHttpHeaders => {
  const head: OutgoingHttpHeaders = Object.create(null);
  for (let i = 0; i < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase();
    if (OF_CONNECTION.has(name)) continue;
    const value = fields[i + 1] as string;
    const before = head[name];
    if (before === undefined) head[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else head[name] = IN_LINES.has(name) ? [`${before}`, value] : `${before}, ${value}`;
  }
  return head;
};

/** @param raw name, value, name, value … as the upstream sent them */
export const trailersOf = (raw: readonly string[]): OutgoingHttpHeaders =>
  withFields(readTrailers(raw).flat());

/**
 * An answer of our own to a call of gRPC: its client wants the status of the call, in a head with which the stream ends
 * (`Trailers-Only` in grpc/grpc, doc/PROTOCOL-HTTP2.md), and not a status of HTTP.
 */
export const trailersOnly = (
  { fields, sentence }: OwnAnswer,
  contentType: string,
  grpcStatus: number,
): OutgoingHttpHeaders => {
  const head = withFields(fields);
  delete head['content-length'];
  head[':status'] = 200;
  head['content-type'] = contentType;
  head['grpc-status'] = `${grpcStatus}`;
  if (sentence !== undefined) head['grpc-message'] = encodeGrpcMessage(sentence);
  return head;
};
