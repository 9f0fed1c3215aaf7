import { and, HOP_BY_HOP, NONE, namedBy, without } from './fields.ts';

/** The head of a response, ready for the client but for what depends on the client's connection. */
export interface ResponseHead {
  readonly fields: string[];
  readonly contentLength: number | undefined;
  /** The fields that the upstream announces as trailers. */
  readonly trailer: string | undefined;
  readonly via: string | undefined;
  /** The body has a transfer coding other than chunked, which is lost with the hop. */
  readonly hasLostCoding: boolean;
  /** What the hop behind tells of a failed attempt of its own (hop-failure.ts). */
  readonly hopFailure: string | undefined;
}

/** @param raw as received */
export const readResponseHead = (status: number, raw: readonly string[]): ResponseHead => {
  const fields: string[] = [];
  let contentLength: number | undefined;
  let transferEncoding: string | undefined;
  let connection: string | undefined;
  let trailer: string | undefined;
  let via: string | undefined;
  let hopFailure: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const lower = name.toLowerCase();
    switch (lower) {
      case 'content-length':
        // RFC 9110, 8.6: neither an interim response nor a 204 has one.
        if (status < 200 || status === 204) break;
        contentLength = Number(value);
        fields.push(name, value);
        break;
      case 'transfer-encoding':
        transferEncoding = and(transferEncoding, value);
        break;
      case 'connection':
        connection = and(connection, value);
        break;
      case 'trailer':
        trailer = and(trailer, value);
        break;
      case 'via':
        via = and(via, value);
        break;
      case 'sluice-failed':
        hopFailure = value;
        break;
      // The request id of the answer is the one this hop gave the request.
      case 'x-request-id':
      case 'upgrade':
      case 'te':
        break;
      default:
        if (!HOP_BY_HOP.has(lower)) fields.push(name, value);
    }
  }
  const named =
    connection === undefined ? NONE : namedBy(connection).filter(name => name !== 'content-length');
  return {
    fields: named.length === 0 ? fields : without(fields, named),
    contentLength,
    trailer,
    via,
    hasLostCoding: transferEncoding !== undefined && transferEncoding.toLowerCase() !== 'chunked',
    hopFailure,
  };
};

/** Adds what a proxy owes the client: by which way the answer came, and the id to ask about it. */
export const stampResponse = ({ fields, via }: ResponseHead, requestId: string, ownVia: string): void => {
  fields.push('X-Request-Id', requestId, 'Via', and(via, `1.1 ${ownVia}`));
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
