import { editFields, type HeaderEdit } from '../core/filters/header-change.ts';
import { fieldsOf, isNamed, isTidy, linesOf, valueIn } from './field-lines.ts';
import { and, HOP_BY_HOP, namedBy, without } from './fields.ts';

/** The head of a response, sorted in one pass: what goes on to the client, and what the proxy must know of the rest. */
export interface ResponseHead {
  readonly status: number;
  /** Of the fields that pass on, each line with its CRLF. `stampResponse` and `introduce` (introduction.ts) add to them. */
  lines: string;
  hasDate: boolean;
  /** As received, several joined by commas. */
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
  readonly connection: string | undefined;
  readonly keepAlive: string | undefined;
  /** The fields that the upstream announces as trailers. */
  readonly trailer: string | undefined;
  readonly via: string | undefined;
  readonly retryAfter: string | undefined;
  /** Of a call of gRPC that ended with its head. */
  readonly grpcStatus: string | undefined;
  /** What the hop behind tells of a failed attempt of its own (hop-failure.ts). */
  readonly hopFailure: string | undefined;
  readonly fieldCount: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * @param text in latin1; from `from` to `end` sound field lines and the empty line (field-lines.ts), or those of a
 * head that another reader has judged
 */
export const readResponseHead = (status: number, text: string, from: number, end: number): ResponseHead => {
  const head: Mutable<ResponseHead> = {
    status,
    lines: '',
    hasDate: false,
    contentLength: undefined,
    transferEncoding: undefined,
    connection: undefined,
    keepAlive: undefined,
    trailer: undefined,
    via: undefined,
    retryAfter: undefined,
    grpcStatus: undefined,
    hopFailure: undefined,
    fieldCount: 0,
  };
  // Lines that go on as they came are cut out together.
  let kept = from;
  const last = end - 2;
  for (let at = from; at < last; ) {
    const colon = indexOf.call(text, ':', at);
    const lineEnd = indexOf.call(text, '\r\n', colon);
    head.fieldCount += 1;
    const passes = note(head, text, at, colon, lineEnd);
    if (!passes || !isTidy(text, colon + 1, lineEnd)) {
      if (kept < at) head.lines += slice.call(text, kept, at);
      if (passes) head.lines += `${text.slice(at, colon)}: ${valueIn(text, colon + 1, lineEnd)}\r\n`;
      kept = lineEnd + 2;
    }
    at = lineEnd + 2;
  }
  if (kept < last) head.lines += slice.call(text, kept, last);
  if (head.connection !== undefined) dropNamed(head, head.connection);
  return head;
};

/**
 * Takes down what a line says. Lengths single out the few names that matter.
 *
 * @returns whether the line passes on
 */
const note = (
  head: Mutable<ResponseHead>,
  text: string,
  at: number,
  colon: number,
  lineEnd: number,
): boolean => {
  switch (colon - at) {
    case 2:
      return !isNamed(text, at, 'te');
    case 3:
      if (!isNamed(text, at, 'via')) return true;
      head.via = and(head.via, valueIn(text, colon + 1, lineEnd));
      return false;
    case 4:
      if (isNamed(text, at, 'date')) head.hasDate = true;
      return true;
    case 7:
      if (isNamed(text, at, 'upgrade')) return false;
      if (!isNamed(text, at, 'trailer')) return true;
      head.trailer = and(head.trailer, valueIn(text, colon + 1, lineEnd));
      return false;
    case 10:
      if (isNamed(text, at, 'connection')) {
        head.connection = and(head.connection, valueIn(text, colon + 1, lineEnd));
        return false;
      }
      if (!isNamed(text, at, 'keep-alive')) return true;
      head.keepAlive = valueIn(text, colon + 1, lineEnd);
      return false;
    case 11:
      if (isNamed(text, at, 'retry-after')) head.retryAfter ??= valueIn(text, colon + 1, lineEnd);
      if (isNamed(text, at, 'grpc-status')) head.grpcStatus ??= valueIn(text, colon + 1, lineEnd);
      return true;
    case 12:
      // The request id of the answer is the one this hop gave the request.
      return !isNamed(text, at, 'x-request-id');
    case 13:
      if (!isNamed(text, at, 'sluice-failed')) return true;
      head.hopFailure = valueIn(text, colon + 1, lineEnd);
      return false;
    case 14:
      if (isNamed(text, at, 'http2-settings')) return false;
      if (!isNamed(text, at, 'content-length')) return true;
      head.contentLength = and(head.contentLength, valueIn(text, colon + 1, lineEnd));
      // RFC 9110, 8.6: neither an interim response nor a 204 has one.
      return head.status >= 200 && head.status !== 204;
    case 16:
      return !isNamed(text, at, 'proxy-connection');
    case 17:
      if (!isNamed(text, at, 'transfer-encoding')) return true;
      head.transferEncoding = and(head.transferEncoding, valueIn(text, colon + 1, lineEnd));
      return false;
    case 18:
      return !isNamed(text, at, 'proxy-authenticate');
    case 19:
      return !isNamed(text, at, 'proxy-authorization');
    case 25:
      return !isNamed(text, at, 'proxy-authentication-info');
    default:
      return true;
  }
};

/** Fields that `Connection` names are those of the connection; what frames the body is not its to name. */
const dropNamed = (head: Mutable<ResponseHead>, connection: string): void => {
  const named = namedBy(connection).filter(name => name !== 'content-length');
  if (named.length === 0) return;
  head.lines = linesOf(without(fieldsOf(head.lines), named));
  if (named.includes('date')) head.hasDate = false;
};

/** The body has a transfer coding other than chunked, which is lost with the hop. */
export const hasLostCoding = ({ transferEncoding }: ResponseHead): boolean =>
  transferEncoding !== undefined && transferEncoding.toLowerCase() !== 'chunked';

/** What a rule changes of a final response. Before it is stamped. */
export const editResponse = (head: ResponseHead, edit: HeaderEdit): void => {
  head.lines = linesOf(editFields(fieldsOf(head.lines), edit));
  head.hasDate = /^date:/im.test(head.lines);
};

/**
 * Adds what a proxy owes the client: by which way the answer came, and the id to ask about it.
 *
 * @param version of HTTP that the answer came by
 */
export const stampResponse = (
  head: ResponseHead,
  requestId: string,
  ownVia: string,
  version: '1.1' | '2.0',
): void => {
  head.lines += `X-Request-Id: ${requestId}\r\nVia: ${and(head.via, `${version} ${ownVia}`)}\r\n`;
};

/** Fields that mean something before a body or nothing at all, so never in a trailer (RFC 9110, 6.5.1). */
const NEVER_TRAILERS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'host',
  'set-cookie',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** Trailers that may go on, as name-value pairs. */
export const readTrailers = (raw: readonly string[]): [string, string][] => {
  const trailers: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (!NEVER_TRAILERS.has(name.toLowerCase())) trailers.push([name, raw[i + 1] as string]);
  }
  return trailers;
};

const { indexOf, slice } = String.prototype;
