/** What a proxy must know of gRPC over HTTP/2 (grpc/grpc, doc/PROTOCOL-HTTP2.md and doc/http-grpc-status-mapping.md). */

/** gRPC-Web is none: it is spoken over any version of HTTP, and has its status in the body. */
const CONTENT_TYPE = /^application\/grpc(?:$|[+; ])/i;

export const isGrpc = (contentType: string | undefined): contentType is string =>
  contentType !== undefined && CONTENT_TYPE.test(contentType);

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** Milliseconds that a caller gives its call. @param text of `grpc-timeout` @returns undefined where it is none */
export const readGrpcTimeout = (text: string | undefined): number | undefined => {
  const found = /^(\d{1,8})([HMSmun])$/.exec(text ?? '');
  if (found === null) return undefined;
  const [, count = '', unit = ''] = found;
  return Number(count) * (UNIT_MS[unit] ?? 0);
};

/** @returns undefined where it is no status: 0 to 16 */
export const readGrpcStatus = (text: string | undefined): number | undefined =>
  text !== undefined && /^(?:\d|1[0-6])$/.test(text) ? Number(text) : undefined;

const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** As clients read an answer that is none of gRPC's; but our own 504 says of what the time ran out, as Envoy's does. */
const OF_HTTP: Readonly<Record<number, number>> = {
  400: INTERNAL,
  401: UNAUTHENTICATED,
  403: PERMISSION_DENIED,
  404: UNIMPLEMENTED,
  429: UNAVAILABLE,
  502: UNAVAILABLE,
  503: UNAVAILABLE,
  504: DEADLINE_EXCEEDED,
};

/** The status of a call that an answer of this status is given to. */
export const grpcStatusOf = (httpStatus: number): number => OF_HTTP[httpStatus] ?? UNKNOWN;

/** By its code, from OK to UNAUTHENTICATED. */
const TO_HTTP = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];

/**
 * What an answer says in terms of HTTP: that of its gRPC status where it has one (google.rpc.Code), by which Envoy, too,
 * judges instances.
 */
export const statusMeant = (status: number, grpcStatus: number | undefined): number =>
  grpcStatus === undefined || status !== 200 ? status : (TO_HTTP[grpcStatus] ?? status);

/** Text as `grpc-message` has it: percent-encoded but for what is printable. */
export const encodeGrpcMessage = (text: string): string =>
  [...Buffer.from(text)]
    .map(byte =>
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
