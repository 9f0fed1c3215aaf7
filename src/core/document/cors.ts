import type { Cors } from '../model/filter.ts';
import type { Field, TextForm } from './field.ts';

const ORIGIN: TextForm = {
  most: 253,
  pattern: /^(\*|https?:\/\/((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:[0-9]{1,5})?)$/,
  expected: 'an origin, e.g. https://shop.example.com, https://*.example.com or *',
};
const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  '*',
] as const;
const NAME: TextForm = {
  most: 256,
  pattern: /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/,
  expected: 'a header name, e.g. x-tenant, or *',
};

/** Where the filter names none (GEP-1767), in seconds. */
const DEFAULT_MAX_AGE = 5;

/** HTTPCORSFilter. */
export const readCors = (field: Field): Cors => {
  const of = field.object(
    'allowOrigins',
    'allowMethods',
    'allowHeaders',
    'exposeHeaders',
    'allowCredentials',
    'maxAge',
  );
  return {
    origins: aloneIfAny(
      of.allowOrigins,
      readSet(of.allowOrigins, 64, item => item.text(ORIGIN)),
    ),
    methods: aloneIfAny(
      of.allowMethods,
      readSet(of.allowMethods, 9, item => item.oneOf(...METHODS)),
    ),
    headers: aloneIfAny(
      of.allowHeaders,
      readSet(of.allowHeaders, 64, item => item.text(NAME)),
    ),
    exposed: readSet(of.exposeHeaders, 64, item => item.text(NAME)),
    credentials: of.allowCredentials?.flag() ?? false,
    maxAge: of.maxAge?.integer(1, 2 ** 31 - 1) ?? DEFAULT_MAX_AGE,
  };
};

const readSet = (
  field: Field | undefined,
  most: number,
  read: (item: Field) => string | undefined,
): string[] => {
  const values = new Set<string>();
  for (const item of field?.list(most) ?? []) {
    const value = read(item);
    if (value === undefined) continue;
    if (values.has(value)) item.error(`"${value}" stands here twice; keep one of the two`);
    values.add(value);
  }
  return [...values];
};

const aloneIfAny = (field: Field | undefined, values: readonly string[]): readonly string[] => {
  if (values.length > 1 && values.includes('*'))
    field?.error('"*" stands for all others: keep it alone, or leave it out');
  return values;
};
