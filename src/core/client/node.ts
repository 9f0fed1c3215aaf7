import { isIP } from 'node:net';

/** IPv4 in brackets is none; a port may be a number or, in `Forwarded`, a made-up name (RFC 7239, 6.2 and 6.3). */
const NODE = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/;

/**
 * The address in what a proxy wrote of a node: an address, or one with a port behind it (some load balancers add it to
 * `X-Forwarded-For`).
 *
 * @returns as `readAddress`; undefined for names, `unknown`, `_hidden`, and anything else
 */
export const addressOfNode = (node: string): string | undefined => {
  if (isIP(node) !== 0) return readAddress(node);
  const [, bracketed, plain = ''] = NODE.exec(node) ?? [];
  return bracketed === undefined
    ? readAddress(plain)
    : isIP(bracketed) === 6
      ? readAddress(bracketed)
      : undefined;
};

/** In one spelling: lower case, without zone, IPv4 never mapped into IPv6; undefined for what is no IP literal. */
export const readAddress = (text: string): string | undefined => {
  const family = isIP(text);
  if (family !== 6) return family === 4 ? text : undefined;
  const address = text.toLowerCase().replace(/%.*$/, '');
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
};
