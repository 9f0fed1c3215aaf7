import type { OutgoingHttpHeaders } from 'node:http2';
import { valueIn } from '../../field-lines.ts';
import { and } from '../../fields.ts';
import { isSoundPath, lengthToTell, type UpstreamRequest } from '../request-writer.ts';

/** They speak of an HTTP/1.1 connection, and make a message of HTTP/2 malformed (RFC 9113, 8.2.2). */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/**
 * A request's head as HTTP/2 has it (RFC 9113, 8.3.1): names in lower case, `Host` as `:authority`, one field of each name.
 *
 * @throws where the path would be no `:path`
 */
export const requestFields = (request: UpstreamRequest, scheme: 'http' | 'https'): OutgoingHttpHeaders => {
  const { method, path, lines } = request;
  if (!isSoundPath(path)) throw new Error('the path holds characters that no request may hold');
  const fields: Record<string, string> = {
    ':method': method,
    ':scheme': scheme,
    ':authority': '',
    ':path': path,
  };
  for (let at = 0; at < lines.length; ) {
    const colon = lines.indexOf(':', at);
    const end = lines.indexOf('\r\n', colon);
    const name = lines.slice(at, colon).toLowerCase();
    const value = valueIn(lines, colon + 1, end);
    if (name === 'host') fields[':authority'] = value;
    else if (!OF_CONNECTIONS.has(name)) fields[name] = joined(name, fields[name], value);
    at = end + 2;
  }
  const length = lengthToTell(request);
  if (length !== undefined) fields['content-length'] = length;
  return fields;
};

/** RFC 9110, 5.3; of cookies RFC 9113, 8.2.3. */
const joined = (name: string, before: string | undefined, value: string): string =>
  before !== undefined && name === 'cookie' ? `${before}; ${value}` : and(before, value);
