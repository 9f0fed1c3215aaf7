/**
 * Request paths as RFC 3986 (section 6.2.2) compares them, so that no spelling of a path reaches another rule
 * than the upstream would serve it under.
 */

const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** What no path holds unescaped (RFC 3986, 3.3), and servers take for its escape. */
const TO_ESCAPE = /[^!$&-;=@-Z_a-z~%]/g;

/** A backslash is `/` to some; a character above 255 is no byte. */
const NEVER = /\\|[^\0-\xff]/;

/** A dot segment to whoever takes `%2F` for `/`, or drops what is behind a `;` (Tomcat, Jetty): no path needs that. */
const HIDDEN_DOTS = /(?:^|\/|%2F|%5C)\.{1,2}(?:\/|%2F|%5C|;|%3B|$)/;

/**
 * Decodes escapes of unreserved characters, upper-cases the others, escapes what no path may hold, and removes dot
 * segments.
 *
 * @param path begins with `/`, without query; in latin1, one character a byte
 * @returns undefined where the path is malformed, climbs above the root, or holds what some server would read as a dot
 *   segment, or as its end (`%00`)
 */
export const normalisePath = (path: string): string | undefined => {
  if (isPlain(path)) return path;
  let malformed = NEVER.test(path);
  const decoded = path.replace(TO_ESCAPE, escaped).replace(/%(..)?/g, (whole, hex: string | undefined) => {
    if (hex === undefined || !/^[0-9a-f]{2}$/i.test(hex) || hex === '00') {
      malformed = true;
      return whole;
    }
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(char) ? char : `%${hex.toUpperCase()}`;
  });
  const normal = malformed ? undefined : removeDotSegments(decoded);
  return normal === undefined || HIDDEN_DOTS.test(normal) ? undefined : normal;
};

const escaped = (char: string): string =>
  `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** The usual case, told by one pass over the characters: nothing to decode, to escape or to remove. */
const isPlain = (path: string): boolean => {
  for (let i = 0; i < path.length; i++) {
    const c = path.charCodeAt(i);
    if (c === 0x2e /* . */ && path.charCodeAt(i - 1) === 0x2f) return false;
    if (PLAIN[c] !== 1) return false;
  }
  return true;
};

/** Letters, digits, and what else stands in a path for itself. */
const PLAIN = new Uint8Array(256);
for (const char of "!$&'()*+,-./0123456789:=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~") {
  PLAIN[char.charCodeAt(0)] = 1;
}

/** RFC 3986, 5.2.4, but climbing above the root is an error instead of being forgiven. */
const removeDotSegments = (path: string): string | undefined => {
  const out: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '.' || segment === '..') {
      if (segment === '..' && out.pop() === undefined) return undefined;
      if (isLast) out.push('');
    } else out.push(segment);
  }
  return `/${out.join('/')}`;
};

/** Whether `prefix` covers `path` by whole segments: `/orders` covers `/orders` and `/orders/1`, not `/ordersX`. */
export const isPathPrefix = (prefix: string, path: string): boolean =>
  prefix === '/' ||
  (path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f));

/** Takes a prefix off by whole segments; what is left begins with `/`. */
export const stripPrefix = (path: string, prefix: string): string => {
  if (prefix === '/' || !isPathPrefix(prefix, path)) return path;
  const rest = path.slice(prefix.length);
  return rest === '' ? '/' : rest;
};
