import type { ErrorCode } from '../../core/errors.ts';
import type { RequestLines } from '../intake.ts';

/** What each field of a list counts beside its bytes (RFC 9113, 6.5.2). */
const FIELD_OVERHEAD = 32;

/**
 * A request of HTTP/2 in the terms of HTTP/1.1 (RFC 9113, 8.3.1): `:authority` as `Host`, the crumbs of a cookie in one
 * field (8.2.3). nghttp2 has judged it before: no name in capitals, no field of a connection, no control character in
 * a value, each pseudo-field once and before all others, a length that agrees with what comes. What is left to judge
 * is where it and HTTP/1.1 readers could disagree.
 *
 * @param raw name, value, name, value …, pseudo-fields included
 * @param hasBody whether the client is to send more than this
 * @param headerBytes the most that its fields may come to
 */
export const readStreamHead = (
  raw: readonly string[],
  hasBody: boolean,
  headerBytes: number,
): RequestLines => {
  const rawHeaders: string[] = [];
  let method = '';
  let url = '';
  let scheme = '';
  let authority: string | undefined;
  let host: string | undefined;
  let cookieAt = -1;
  let bytes = 0;
  let fault: ErrorCode | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    bytes += name.length + value.length + FIELD_OVERHEAD;
    if (name.charCodeAt(0) === COLON) {
      if (name === ':method') method = value;
      else if (name === ':path') url = value;
      else if (name === ':scheme') scheme = value;
      else if (name === ':authority') authority = value;
      else fault = 'bad_request';
    } else if (name === 'host') {
      if (host !== undefined) fault = 'bad_request';
      host = value;
    } else if (name === 'cookie' && cookieAt >= 0) {
      rawHeaders[cookieAt] = `${rawHeaders[cookieAt]}; ${value}`;
    } else {
      rawHeaders.push(name, value);
      if (name === 'cookie') cookieAt = rawHeaders.length - 1;
    }
  }
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase()) {
    fault = 'bad_request';
  }
  const named = authority ?? host;
  if (named !== undefined) rawHeaders.push('host', named);
  // CONNECT has neither path nor scheme. A whole URL as the path could name another host than the authority.
  if (!isPath(url) || !isHttp(scheme)) fault = 'bad_request';
  if (bytes > headerBytes) fault = 'headers_too_large';
  return { method, url, httpVersion: '2', rawHeaders, hasBody, fault };
};

const COLON = 0x3a;
const SLASH = 0x2f;

const isPath = (url: string): boolean => url.charCodeAt(0) === SLASH || url === '*';

/** Which of both is no matter: what ends TLS in front of a proxy says either. */
const isHttp = (scheme: string): boolean => /^https?$/i.test(scheme);
