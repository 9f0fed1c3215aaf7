/** Methods, header fields and authorities as OpenTelemetry's semantic conventions for HTTP see them. */

export const METHODS: readonly string[] = [
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
];

/** What the others are called. */
export const OTHER_METHOD = '_OTHER';

const KNOWN_METHODS = new Set(METHODS);

/** Methods are the caller's to invent, so unknown ones become one. */
export const foldMethod = (method: string): string => (KNOWN_METHODS.has(method) ? method : OTHER_METHOD);

/** @param name lower case. The first of several. */
export const findHeader = (rawHeaders: readonly string[], name: string): string | undefined => {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const candidate = rawHeaders[i] ?? '';
    if (candidate.length === name.length && candidate.toLowerCase() === name) return rawHeaders[i + 1];
  }
  return undefined;
};

/** `host:port`, `host`, `[::1]:port` -> address without brackets, port where one is named. */
export const splitAuthority = (authority: string): readonly [address: string, port: number | undefined] => {
  const colon = authority.lastIndexOf(':');
  const hasPort = colon >= 0 && colon > authority.lastIndexOf(']') && authority.indexOf(':') === colon;
  const withPort = hasPort || (authority.startsWith('[') && colon > authority.lastIndexOf(']'));
  const host = withPort ? authority.slice(0, colon) : authority;
  const port = withPort ? Number(authority.slice(colon + 1)) : Number.NaN;
  return [host.replace(/^\[|\]$/g, ''), isPort(port) ? port : undefined];
};

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65_535;
