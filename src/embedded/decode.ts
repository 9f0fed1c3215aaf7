import { parseGoDuration } from './duration.ts';
import { ApiError } from './errors.ts';

/**
 * Reads JSON into typed values as Consul 1.8.7 (Go's encoding/json) does: field names in any case, null for
 * "not given", unknown fields and wrong types refused by name.
 */
export type Reader<T> = (value: unknown, field: string) => T;

const refuse = (detail: string): never => {
  throw new ApiError(400, `Request decode failed: ${detail}`);
};

const mismatch = (value: unknown, field: string, type: string): never => {
  const found =
    value === null
      ? 'null'
      : Array.isArray(value)
        ? 'array'
        : typeof value === 'boolean'
          ? 'bool'
          : typeof value;
  return refuse(`json: cannot unmarshal ${found} into Go struct field ${field} of type ${type}`);
};

export const text: Reader<string> = (value, field) =>
  typeof value === 'string' ? value : mismatch(value, field, 'string');

export const flag: Reader<boolean> = (value, field) =>
  typeof value === 'boolean' ? value : mismatch(value, field, 'bool');

export const integer: Reader<number> = (value, field) =>
  Number.isSafeInteger(value) ? (value as number) : mismatch(value, field, 'int');

/** Milliseconds, from Go's notation or from a number of nanoseconds. */
export const duration: Reader<number> = (value, field) => {
  if (typeof value === 'number') return value / 1e6;
  const written = text(value, field);
  return parseGoDuration(written) ?? refuse(`time: invalid duration ${JSON.stringify(written)}`);
};

/** For fields that are only looked at to be refused or passed over. */
export const anything: Reader<unknown> = value => value;

export const listOf =
  <T>(item: Reader<T>): Reader<T[]> =>
  (value, field) =>
    Array.isArray(value) ? value.map(v => item(v, field)) : mismatch(value, field, 'list');

export const mapOf =
  <T>(item: Reader<T>): Reader<Record<string, T>> =>
  (value, field) =>
    Object.fromEntries(entriesOf(value, field, 'map').map(([key, v]) => [key, item(v, field)]));

type Fields = Record<string, Reader<unknown>>;

export type Struct<F extends Fields> = { [K in keyof F]?: ReturnType<F[K]> };

/**
 * Fields that are absent or null are absent in the result.
 *
 * @param aliases other spellings, lower case
 */
export const struct = <F extends Fields>(
  fields: F,
  aliases: Readonly<Record<string, keyof F & string>> = {},
): Reader<Struct<F>> => {
  const names = new Map([
    ...Object.keys(fields).map(name => [name.toLowerCase(), name] as const),
    ...Object.entries(aliases),
  ]);
  return (value, field) => {
    const result: Record<string, unknown> = {};
    for (const [key, v] of entriesOf(value, field, 'struct')) {
      const name = names.get(key.toLowerCase()) ?? refuse(`json: unknown field ${JSON.stringify(key)}`);
      if (v !== null) result[name] = fields[name]?.(v, `${field}.${name}`);
    }
    return result as Struct<F>;
  };
};

const entriesOf = (value: unknown, field: string, type: string): [string, unknown][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value)
    : mismatch(value, field, type);

/** A whole body. An empty one is refused, since no call that takes JSON can do without. */
export const decodeBody = <T>(body: Buffer, reader: Reader<T>): T => {
  if (body.length === 0) return refuse('EOF');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    return refuse((error as Error).message);
  }
  return reader(value ?? {}, '');
};
