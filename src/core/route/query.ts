/**
 * Parameters of a query as forms write them (url.spec.whatwg.org, application/x-www-form-urlencoded): names and values
 * are decoded, of several the first counts, and an escape that says nothing stays as it is.
 *
 * @param query with its `?`, or empty
 */
export const readQuery = (query: string): ReadonlyMap<string, string> => {
  const parameters = new Map<string, string>();
  for (let from = 1; from < query.length; ) {
    const ampersand = query.indexOf('&', from);
    const to = ampersand < 0 ? query.length : ampersand;
    const equals = query.indexOf('=', from);
    const hasValue = equals >= 0 && equals < to;
    const name = decode(query.slice(from, hasValue ? equals : to));
    if (to > from && !parameters.has(name))
      parameters.set(name, hasValue ? decode(query.slice(equals + 1, to)) : '');
    from = to + 1;
  }
  return parameters;
};

const decode = (text: string): string => {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  return spaced.includes('%') ? spaced.replace(ESCAPES, decodeEscapes) : spaced;
};

const ESCAPES = /(?:%[0-9A-Fa-f]{2})+/g;

const decodeEscapes = (escapes: string): string => {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return escapes;
  }
};
