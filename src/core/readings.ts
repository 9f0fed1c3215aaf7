/**
 * As servers read a path that is normal by RFC 3986, where they read more into it than that has: nginx, Go and Python decode
 * `%2F` and merge slashes, Tomcat and Jetty drop what follows a `;`, and one behind another decodes twice.
 */

/** Whatever else a path holds means the same to everyone. */
const READ_DIFFERENTLY = /[%;]|\/\//;

/**
 * The other readings of a path; none of nearly every one. The first takes escapes for what they escape; the second ends
 * segments at a `;` and the path at a `?` or `#` besides, and merges slashes.
 *
 * @param path normalised (path.ts)
 */
export const otherReadings = (path: string): readonly string[] => {
  if (!READ_DIFFERENTLY.test(path)) return NONE;
  const decoded = decodeWholly(path).replaceAll('\\', '/');
  const bare = decoded
    .replace(/[?#].*/, '')
    .replace(/;[^/]*/g, '')
    .replace(/\/{2,}/g, '/');
  return [withoutDots(decoded), withoutDots(bare)].filter(reading => reading !== path);
};

const NONE: readonly string[] = [];

const decodeWholly = (path: string): string => {
  let decoded = path;
  for (let before = ''; before !== decoded; ) {
    before = decoded;
    decoded = decoded.replace(/%([2-7][0-9A-F])/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  // Rules have these escaped.
  return decoded.replace(/["<>[\]^`{|} \x7f]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
};

/** Forgiving, since whoever decodes this far may be. */
const withoutDots = (path: string): string => {
  const out: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [i, segment] of segments.entries()) {
    if (segment === '..') out.pop();
    else if (segment !== '.') out.push(segment);
    if (i === segments.length - 1 && (segment === '.' || segment === '..')) out.push('');
  }
  return `/${out.join('/')}`;
};
