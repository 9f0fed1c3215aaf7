import type { Field } from './field.ts';

const LABELS = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const PRECISE_HOST = new RegExp(`^${LABELS}$`);
const ANY_HOST = new RegExp(`^(\\*\\.)?${LABELS}$`);
/** Addresses are refused by the specification's text; its pattern lets them pass. */
const ADDRESS = /^\d{1,3}(\.\d{1,3}){3}$/;

/** As RFC 9110 has them (5.6.2). */
const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;

/** A host name in lower case, or with `*.` in front of one: Hostname. */
export const readHostname = (field: Field): string | undefined =>
  readHost(field, ANY_HOST, 'a host name in lower case without port, e.g. shop.example.com or *.example.com');

/** A host name in lower case: PreciseHostname. */
export const readPreciseHostname = (field: Field): string | undefined =>
  readHost(field, PRECISE_HOST, 'a host name in lower case without port and "*", e.g. shop.example.com');

const readHost = (field: Field, pattern: RegExp, expected: string): string | undefined => {
  const host = field.text({ most: 253, pattern, expected });
  if (host !== undefined && ADDRESS.test(host)) return field.error(`expected ${expected}, not an address`);
  return host;
};

/** SectionName, ObjectName of a document: a DNS subdomain. */
export const readSubdomain = (field: Field): string | undefined =>
  field.text({
    most: 253,
    pattern: PRECISE_HOST,
    expected: 'a name of lower case letters, digits, "-" and ".", e.g. shop-web',
  });

/** HTTPHeaderName: also what parameters of a query may be called. */
export const readHeaderName = (field: Field): string | undefined =>
  field.text({ most: 256, pattern: TOKEN, expected: 'a header name, e.g. x-tenant' });

/** Goes over the wire as it is: nothing in it may end the line. */
export const readHeaderValue = (field: Field): string | undefined =>
  field.text({
    most: 4096,
    pattern: /^[!-~]([\t -~]*[!-~])?$/,
    expected: 'a header value of visible ASCII characters without blanks around it',
  });
