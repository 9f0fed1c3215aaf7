import type { ErrorCode } from '../core/errors.ts';
import { type Client, clientBehind } from './client.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import {
  type Framing,
  framingOf,
  hasPassed,
  isSoundRequestId,
  type RequestHead,
  readRequestHead,
} from './request-head.ts';
import { type RequestTarget, readTarget } from './target.ts';

/** The head of a request as it came. */
export interface RequestLines {
  readonly method: string;
  readonly url: string;
  /** `1.0`, `1.1` or `2`. */
  readonly httpVersion: string;
  /** Name, value, name, value … */
  readonly rawHeaders: readonly string[];
  /** Where that is told otherwise than by fields (RFC 9113, 8.1). */
  readonly hasBody?: boolean | undefined;
  /** What its lane found wrong with it. */
  readonly fault?: ErrorCode | undefined;
}

/** A request as far as it is understood before anything is done about it, the same for every lane. */
export interface Intake {
  readonly requestId: string;
  readonly client: Client;
  readonly head: RequestHead;
  readonly target: RequestTarget;
  readonly framing: Framing;
  /** Why it goes no further. */
  readonly fault: ErrorCode | undefined;
}

/** Where the target could not be read. */
const UNREAD: RequestTarget = { authority: '', host: '', path: '', query: '' };

/** Reads and judges a request; a faulty one still comes with what could be read, for whoever observes. */
export const takeIn = (ctx: Context, connection: Connection, lines: RequestLines): Intake => {
  const { method, url, httpVersion, rawHeaders } = lines;
  const isTrusted = connection.isTrusted(ctx.trusts);
  const head = readRequestHead(rawHeaders, ctx.observer.propagationFields, isTrusted);
  const target = readTarget(method, url, head.host);
  const framing = framingOf(head, httpVersion, lines.hasBody);
  return {
    requestId: isSoundRequestId(head.requestId) ? head.requestId : ctx.nextId(),
    client: isTrusted ? clientBehind(connection.client, head, ctx.trusts) : connection.client,
    head,
    target: target ?? UNREAD,
    framing: framing ?? 'none',
    fault: faultOf(ctx, lines, head, target, framing),
  };
};

/** A list, in which it may be said twice (RFC 9110, 10.1.1). */
const EXPECTS_CONTINUE = /^100-continue(?:[\t ]*,[\t ]*100-continue)*$/i;

const faultOf = (
  { limits, via }: Context,
  { method, url, httpVersion, rawHeaders, fault }: RequestLines,
  head: RequestHead,
  target: RequestTarget | undefined,
  framing: Framing | undefined,
): ErrorCode | undefined => {
  if (fault !== undefined) return fault;
  // It would show the client what hops add that it must not see (RFC 9110, 9.3.8).
  if (method === 'TRACE' || method === 'TRACK') return 'method_unsupported';
  if (url.length > limits.uriBytes) return 'uri_too_long';
  if (rawHeaders.length > limits.headerCount * 2) return 'headers_too_large';
  if (target === undefined || framing === undefined) return 'bad_request';
  // Node's parser of HTTP/1 takes 0.9 and 2.0, too, whose messages look otherwise.
  if (httpVersion !== '1.1' && httpVersion !== '2' && httpVersion !== '1.0') return 'bad_request';
  // RFC 9112, 3.2: exactly one Host, but for HTTP/1.0 clients, which may have none.
  if (head.hosts > 1 || (head.hosts === 0 && httpVersion !== '1.0')) return 'bad_request';
  if (head.expect !== undefined && !EXPECTS_CONTINUE.test(head.expect)) return 'bad_request';
  if (framing === 'length' && Number(head.contentLength) > limits.bodyBytes) return 'body_too_large';
  return hasPassed(head.via, via) ? 'loop_detected' : undefined;
};
