import { and, HOP_BY_HOP, namedBy, without } from './fields.ts';

/** The head of a request as the proxy needs it, sorted in one pass. */
export interface RequestHead {
  /** End-to-end fields as received, without those the proxy writes itself (request-stamp.ts). */
  readonly fields: readonly string[];
  readonly hosts: number;
  readonly host: string | undefined;
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
  readonly expect: string | undefined;
  readonly upgrade: string | undefined;
  readonly connection: string | undefined;
  readonly via: string | undefined;
  readonly forwarded: string | undefined;
  readonly forwardedFor: string | undefined;
  readonly forwardedHost: string | undefined;
  readonly forwardedPort: string | undefined;
  readonly forwardedProto: string | undefined;
  readonly requestId: string | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * @param raw as received
 * @param ownFields lower-case names that the proxy writes anew for each attempt (trace context)
 * @param isTrusted whether what the peer says of those in front of it holds; of others its claims are left out
 */
export const readRequestHead = (
  raw: readonly string[],
  ownFields: ReadonlySet<string>,
  isTrusted: boolean,
): RequestHead => {
  const fields: string[] = [];
  const head: Mutable<RequestHead> = {
    fields,
    hosts: 0,
    host: undefined,
    contentLength: undefined,
    transferEncoding: undefined,
    expect: undefined,
    upgrade: undefined,
    connection: undefined,
    via: undefined,
    forwarded: undefined,
    forwardedFor: undefined,
    forwardedHost: undefined,
    forwardedPort: undefined,
    forwardedProto: undefined,
    requestId: undefined,
  };
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const lower = name.toLowerCase();
    switch (lower) {
      case 'host':
        head.hosts += 1;
        head.host = value;
        break;
      case 'content-length':
        head.contentLength = and(head.contentLength, value);
        break;
      case 'transfer-encoding':
        head.transferEncoding = and(head.transferEncoding, value);
        break;
      case 'connection':
        head.connection = and(head.connection, value);
        break;
      case 'expect':
        head.expect = and(head.expect, value);
        break;
      case 'upgrade':
        head.upgrade = and(head.upgrade, value);
        break;
      case 'via':
        head.via = and(head.via, value);
        break;
      case 'forwarded':
        head.forwarded = and(head.forwarded, value);
        break;
      case 'x-forwarded-for':
        head.forwardedFor = and(head.forwardedFor, value);
        break;
      case 'x-forwarded-host':
        head.forwardedHost ??= value;
        break;
      case 'x-forwarded-port':
        head.forwardedPort ??= value;
        break;
      case 'x-forwarded-proto':
        head.forwardedProto ??= value;
        break;
      case 'x-request-id':
        head.requestId ??= value;
        break;
      case 'te':
        // Trailers are the one coding of TE that means the same on every hop.
        if (/(?:^|[\s,])trailers(?:$|[\s,;])/i.test(value)) fields.push('TE', 'trailers');
        break;
      default:
        if (HOP_BY_HOP.has(lower) || ownFields.has(lower) || isLookAlike(lower)) break;
        if (!isTrusted && isClaim(lower)) break;
        fields.push(name, value);
    }
  }
  return head.connection === undefined ? head : withoutNamed(head, head.connection);
};

/** What frames a message, or what this hop vouches for. */
const SAID_HERE: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'forwarded',
  'host',
  'transfer-encoding',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-request-id',
]);

/** What proxies say of a client, and services believe: its address, the prefix that was taken off, who it is. */
const isClaim = (name: string): boolean => {
  const said = name.includes('_') ? name.replaceAll('_', '-') : name;
  return said.startsWith('x-forwarded-') || said === 'x-real-ip';
};

/** CGI, WSGI and their kin take `_` for `-`, so that a client could say it in this hop's name. */
const isLookAlike = (name: string): boolean => name.includes('_') && SAID_HERE.has(name.replaceAll('_', '-'));

const withoutNamed = (head: Mutable<RequestHead>, connection: string): RequestHead => {
  const named = namedBy(connection);
  if (named.length === 0) return head;
  return {
    ...head,
    fields: without(head.fields, named),
    // A client may hide what it said itself; framing, Host and the hops' own trail are not its to remove.
    ...(named.includes('x-request-id') ? { requestId: undefined } : {}),
  };
};

/** How the body of a request is delimited (RFC 9112, 6.3). */
export type Framing = 'none' | 'length' | 'chunked';

/**
 * Stricter than the RFC asks, since whatever two readers could frame in two ways smuggles requests.
 *
 * @param hasBody where that is known without the fields that frame it; one without a length goes on in chunks
 * @returns undefined where the framing is faulty
 */
export const framingOf = (head: RequestHead, httpVersion: string, hasBody?: boolean): Framing | undefined => {
  const { transferEncoding, contentLength } = head;
  if (transferEncoding !== undefined) {
    const sound = transferEncoding.toLowerCase() === 'chunked' && contentLength === undefined;
    return sound && httpVersion === '1.1' ? 'chunked' : undefined;
  }
  if (contentLength === undefined) return hasBody === true ? 'chunked' : 'none';
  if (!/^\d{1,15}$/.test(contentLength)) return undefined;
  if (Number(contentLength) === 0) return 'none';
  return hasBody === false ? undefined : 'length';
};

/** Whether a `Via` list names this process (RFC 9110, 7.6.3: `[protocol/]version received-by [comment]`). */
export const hasPassed = (list: string | undefined, via: string): boolean =>
  list?.includes(via) === true && list.split(',').some(hop => hop.trim().split(/\s+/)[1] === via);

const REQUEST_ID = /^[A-Za-z0-9._:@/+=-]{1,128}$/;

export const isSoundRequestId = (id: string | undefined): id is string =>
  id !== undefined && REQUEST_ID.test(id);
