import { type Attributes, type SpanStatus, SpanStatusCode } from '@opentelemetry/api';
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions';
import type { AttemptOutcome, AttemptStart, RequestOutcome, RequestStart } from './observer.ts';

/**
 * Requests in the words of OpenTelemetry's semantic conventions for HTTP (stable since 1.23), plus our own
 * `sluice.*`.
 */
const ATTR_SLUICE_HOP = 'sluice.hop';
const ATTR_SLUICE_ROUTE = 'sluice.route';
const ATTR_SLUICE_SERVICE = 'sluice.service';
const ATTR_SLUICE_VERSION = 'sluice.version';
const ATTR_SLUICE_INSTANCE = 'sluice.instance';

const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
]);

/** Methods are the caller's to invent, so unknown ones become one. */
export const foldMethod = (method: string): string => (METHODS.has(method) ? method : '_OTHER');

/** A span's name, where its route is not known (as on the client's side, always) and where it is. */
export const spanName = (method: string, route = ''): string => {
  const verb = method === '_OTHER' ? 'HTTP' : method;
  return route === '' ? verb : `${verb} ${route}`;
};

export const serverAttributes = (hop: string, method: string, start: RequestStart): Attributes => {
  const attributes: Attributes = {
    [ATTR_HTTP_REQUEST_METHOD]: method,
    [ATTR_URL_PATH]: start.path,
    [ATTR_URL_SCHEME]: start.scheme,
    [ATTR_CLIENT_ADDRESS]: start.clientAddress,
    [ATTR_NETWORK_PROTOCOL_VERSION]: start.protocolVersion,
    [ATTR_SLUICE_HOP]: hop,
  };
  if (method !== start.method) attributes[ATTR_HTTP_REQUEST_METHOD_ORIGINAL] = start.method.slice(0, 64);
  const [address, port] = splitAuthority(start.authority);
  if (address !== '') attributes[ATTR_SERVER_ADDRESS] = address;
  if (port !== undefined) attributes[ATTR_SERVER_PORT] = port;
  const userAgent = findHeader(start.rawHeaders, 'user-agent');
  if (userAgent !== undefined) attributes[ATTR_USER_AGENT_ORIGINAL] = userAgent.slice(0, 256);
  return attributes;
};

export const clientAttributes = (hop: string, method: string, start: AttemptStart): Attributes => {
  const attributes: Attributes = {
    [ATTR_HTTP_REQUEST_METHOD]: method,
    [ATTR_SERVER_ADDRESS]: start.address,
    [ATTR_SERVER_PORT]: start.port,
    [ATTR_SLUICE_HOP]: hop,
    [ATTR_SLUICE_ROUTE]: start.where.route,
    [ATTR_SLUICE_SERVICE]: start.where.service,
    [ATTR_SLUICE_VERSION]: start.where.version,
    [ATTR_SLUICE_INSTANCE]: start.instanceId,
  };
  if (start.resend > 0) attributes[ATTR_HTTP_REQUEST_RESEND_COUNT] = start.resend;
  return attributes;
};

const ERROR: SpanStatus = { code: SpanStatusCode.ERROR };

/**
 * Adds what is known at the end. On the server's side only 5xx is an error of ours, and a response that was cut for
 * another reason than the client's leaving. 499 is nginx's word for a client that left: no status was sent, so
 * none is reported.
 * @returns the span's status, where it is not unset
 */
export const endServer = (attributes: Attributes, outcome: RequestOutcome): SpanStatus | undefined => {
  const { status, error } = outcome;
  const { route, service, version } = outcome.where;
  if (status !== CLIENT_LEFT) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = status;
  if (route !== '') attributes[ATTR_SLUICE_ROUTE] = route;
  if (service !== '') attributes[ATTR_SLUICE_SERVICE] = service;
  if (version !== '') attributes[ATTR_SLUICE_VERSION] = version;
  const failed = status >= 500 || (outcome.cut === true && error !== undefined);
  if (error !== undefined || failed) attributes[ATTR_ERROR_TYPE] = error ?? String(status);
  return failed ? ERROR : undefined;
};

/** As `endServer`. On the client's side 4xx is an error too; an attempt that the client abandoned is none. */
export const endClient = (
  attributes: Attributes,
  { status, error, clientLeft }: AttemptOutcome,
): SpanStatus | undefined => {
  if (status !== undefined) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = status;
  const failed = clientLeft !== true && (error !== undefined || (status !== undefined && status >= 400));
  if (!failed) return undefined;
  attributes[ATTR_ERROR_TYPE] = error ?? String(status);
  return ERROR;
};

const CLIENT_LEFT = 499;

/** @param name lower case. The first of several. */
export const findHeader = (rawHeaders: readonly string[], name: string): string | undefined => {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const candidate = rawHeaders[i] ?? '';
    if (candidate.length === name.length && candidate.toLowerCase() === name) return rawHeaders[i + 1];
  }
  return undefined;
};

/** `host:port`, `host`, `[::1]:port` -> address without brackets, port where one is named. */
const splitAuthority = (authority: string): [string, number | undefined] => {
  const colon = authority.lastIndexOf(':');
  const hasPort = colon >= 0 && colon > authority.lastIndexOf(']') && authority.indexOf(':') === colon;
  const withPort = hasPort || (authority.startsWith('[') && colon > authority.lastIndexOf(']'));
  const host = withPort ? authority.slice(0, colon) : authority;
  const port = withPort ? Number(authority.slice(colon + 1)) : Number.NaN;
  return [host.replace(/^\[|\]$/g, ''), Number.isInteger(port) ? port : undefined];
};
