import type { IncomingMessage } from 'node:http';
import { type Decision, isRefusal, type Refusal } from '../core/decide.ts';
import type { ErrorCode } from '../core/errors.ts';
import { formatHostPort } from '../core/values.ts';
import type { RequestObservation, RequestOutcome } from '../telemetry/observer.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import {
  type Framing,
  framingOf,
  hasPassed,
  isSoundRequestId,
  type RequestHead,
  readRequestHead,
  stampRequest,
} from './headers.ts';
import type { ProxyFacts } from './options.ts';
import { type RequestTarget, readTarget } from './target.ts';

/** A request as far as it is understood before anything is done about it, the same for every lane. */
export interface Intake {
  readonly requestId: string;
  readonly head: RequestHead;
  readonly target: RequestTarget;
  readonly framing: Framing;
  /** Why it goes no further. */
  readonly fault: ErrorCode | undefined;
}

/** Where the target could not be read. */
const UNREAD: RequestTarget = { authority: '', host: '', path: '', query: '' };

/** Reads and judges a request; a faulty one still comes with what could be read, for whoever observes. */
export const takeIn = (ctx: Context, req: IncomingMessage): Intake => {
  const { method = '', url = '', httpVersion, rawHeaders } = req;
  const head = readRequestHead(rawHeaders, ctx.observer.propagationFields);
  const target = readTarget(method, url, head.host);
  const framing = framingOf(head, httpVersion);
  return {
    requestId: isSoundRequestId(head.requestId) ? head.requestId : ctx.nextId(),
    head,
    target: target ?? UNREAD,
    framing: framing ?? 'none',
    fault: faultOf(ctx, req, head, target, framing),
  };
};

const faultOf = (
  { limits, via }: Context,
  { url = '', httpVersion, rawHeaders }: IncomingMessage,
  head: RequestHead,
  target: RequestTarget | undefined,
  framing: Framing | undefined,
): ErrorCode | undefined => {
  if (url.length > limits.uriBytes) return 'uri_too_long';
  if (rawHeaders.length > limits.headerCount * 2) return 'headers_too_large';
  if (target === undefined || framing === undefined) return 'bad_request';
  // RFC 9112, 3.2: exactly one Host, but for HTTP/1.0 clients, which may have none.
  if (head.hosts > 1 || (head.hosts === 0 && httpVersion !== '1.0')) return 'bad_request';
  if (head.contentLength !== undefined && Number(head.contentLength) > limits.bodyBytes)
    return 'body_too_large';
  if (head.expect !== undefined && head.expect.toLowerCase() !== '100-continue') return 'bad_request';
  return hasPassed(head.via, via) ? 'loop_detected' : undefined;
};

export const beginObservation = (
  ctx: Context,
  { method = '', httpVersion, rawHeaders }: IncomingMessage,
  { clientAddress }: Connection,
  { target, requestId }: Intake,
): RequestObservation =>
  ctx.observer.begin({
    method,
    path: target.path,
    scheme: 'http',
    authority: target.authority,
    protocolVersion: httpVersion,
    clientAddress,
    requestId,
    rawHeaders,
  });

export const factsOf = ({ clientAddress }: Connection, { target }: Intake): ProxyFacts => {
  const { host, path, port } = target;
  return port === undefined ? { host, path, clientAddress } : { host, path, port, clientAddress };
};

/** Adds to the head what the upstream is told about this hop, once a request. */
export const stampFor = (
  ctx: Context,
  { httpVersion }: IncomingMessage,
  { clientAddress }: Connection,
  { head, target, requestId }: Intake,
  { address, port }: { address: string; port: number },
): void => {
  stampRequest(head, {
    // An HTTP/1.0 client may not have said whom it wants; an HTTP/1.1 server must be told.
    authority: target.authority === '' ? formatHostPort({ host: address, port }) : target.authority,
    scheme: 'http',
    httpVersion,
    clientAddress,
    requestId,
    via: ctx.via,
    trusted: ctx.trusts(clientAddress),
  });
};

interface Ending {
  readonly status: number;
  readonly sent: number;
  readonly received: number;
  readonly error: ErrorCode | undefined;
  readonly cut: boolean;
  readonly upgraded?: boolean;
}

/** The record of a request that is over, with as much of its route as was found. */
export const outcomeOf = (ending: Ending, decided: Decision | Refusal | undefined): RequestOutcome => {
  const { status, sent, received, error, cut, upgraded } = ending;
  const outcome: { -readonly [K in keyof RequestOutcome]: RequestOutcome[K] } = { status, sent, received };
  if (error !== undefined) outcome.error = error;
  if (cut) outcome.cut = true;
  if (upgraded) outcome.upgraded = true;
  if (decided?.route !== undefined) outcome.route = decided.route;
  if (decided?.service !== undefined) outcome.service = decided.service;
  if (decided !== undefined && !isRefusal(decided)) outcome.version = decided.version;
  return outcome;
};
