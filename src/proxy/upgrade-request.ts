import type { IncomingMessage } from 'node:http';
import type { RequestLines } from './intake.ts';

/** Protocols that would hide requests from the proxy in a connection that it takes for opaque (h2c smuggling). */
const HIDES_REQUESTS = /^h2c?$/i;

const TOKEN = /^[\w!#$%&'*+.^`|~/-]+$/;

/**
 * Whether a request for an upgrade may be passed on as one. A server may ignore any other (RFC 9110, 7.8), and
 * so the proxy does: such a request is served as if it had not asked.
 */
export const isUpgradable = ({ method, httpVersion, headers }: IncomingMessage): boolean => {
  const { upgrade = '', 'content-length': length = '0', 'transfer-encoding': coding } = headers;
  const hasBody = coding !== undefined || length !== '0';
  return (
    method === 'GET' &&
    httpVersion === '1.1' &&
    !hasBody &&
    TOKEN.test(upgrade) &&
    !HIDES_REQUESTS.test(upgrade)
  );
};

export const requestLinesOf = ({
  method = '',
  url = '',
  httpVersion,
  rawHeaders,
}: IncomingMessage): RequestLines => ({
  method,
  url,
  httpVersion,
  rawHeaders,
});

/** The head of a request as it came, but for its wish to upgrade. */
export const withoutUpgrade = ({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer => {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'upgrade') head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  }
  return Buffer.from(`${head}\r\n`, 'latin1');
};

export type Fields = Readonly<Record<string, string | string[]>>;

/** A flat list as Node's client takes it: one entry a name, as it was first spelled. */
export const byName = (fields: readonly string[]): Fields => {
  const headers: Record<string, string | string[]> = {};
  const spelled = new Map<string, string>();
  for (let i = 0; i < fields.length; i += 2) {
    const given = fields[i] as string;
    const value = fields[i + 1] as string;
    const name = spelled.get(given.toLowerCase()) ?? given;
    spelled.set(given.toLowerCase(), name);
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
};
