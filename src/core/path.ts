/**
 * Request paths as RFC 3986 (section 6.2.2) compares them, so that no spelling of a path reaches another rule
 * than the upstream would serve it under.
 */

const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * Decodes escapes of unreserved characters, upper-cases the others, and removes dot segments.
 *
 * @param path begins with `/`, without query
 * @returns undefined where the path is malformed or climbs above the root
 */
export const normalisePath = (path: string): string | undefined => {
  if (isPlain(path)) return path;
  let malformed = false;
  const decoded = path.replace(/%(..)?/g, (escaped, hex: string | undefined) => {
    if (hex === undefined || !/^[0-9a-f]{2}$/i.test(hex)) {
      malformed = true;
      return escaped;
    }
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(char) ? char : `%${hex.toUpperCase()}`;
  });
  return malformed || decoded.includes('\\') ? undefined : removeDotSegments(decoded);
};

/** The usual case, told by one pass over the characters: nothing to decode, nothing to remove. */
const isPlain = (path: string): boolean => {
  for (let i = 0; i < path.length; i++) {
    const c = path.charCodeAt(i);
    if (c === 0x25 /* % */ || c === 0x5c /* \ */) return false;
    if (c === 0x2e /* . */ && path.charCodeAt(i - 1) === 0x2f) return false;
  }
  return true;
};

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
