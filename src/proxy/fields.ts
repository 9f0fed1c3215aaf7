/**
 * Fields travel as flat lists (name, value, name, value …), so that names, order and duplicates survive. One
 * pass a message sorts them; nothing here touches a socket.
 */

/** Two values of one field as a list. */
export const and = (before: string | undefined, value: string): string =>
  before === undefined ? value : `${before}, ${value}`;

/**
 * The value of a field by its lower-case name, several lines joined. For the rare look; what is needed of each message is
 * read in one pass.
 */
export const fieldOf = (raw: readonly string[], name: string): string | undefined => {
  let value: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const candidate = raw[i] as string;
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
    value = joined(name, value, raw[i + 1] as string);
  }
  return value;
};

/** All of them by their lower-case names, for who has many looks. */
export const fieldsOf = (raw: readonly string[]): ReadonlyMap<string, string> => {
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    values.set(name, joined(name, values.get(name), raw[i + 1] as string));
  }
  return values;
};

/** RFC 9110, 5.3; of cookies RFC 9113, 8.2.3. */
const joined = (name: string, before: string | undefined, value: string): string =>
  name === 'cookie' && before !== undefined ? `${before}; ${value}` : and(before, value);

/** Fields of one connection (RFC 9110, 7.6.1 and 11.7). Request trailers are not passed on, so neither is `Trailer`. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'trailer',
]);

/** Options of `Connection` that name no field worth a second pass: the proxy has dealt with theirs. */
const PLAIN_OPTIONS: ReadonlySet<string> = new Set([
  '',
  'close',
  'keep-alive',
  'te',
  'upgrade',
  'http2-settings',
]);

/** The fields that a `Connection` names, in lower case. */
export const namedBy = (connection: string): readonly string[] => {
  const options = connection.toLowerCase();
  // Nearly always it is one of these alone.
  if (PLAIN_OPTIONS.has(options)) return NONE;
  return options
    .split(',')
    .map(option => option.trim())
    .filter(option => !PLAIN_OPTIONS.has(option));
};

export const NONE: readonly string[] = [];

export const without = (fields: readonly string[], names: readonly string[]): string[] =>
  fields.filter((_, i) => !names.includes((fields[i & ~1] as string).toLowerCase()));
