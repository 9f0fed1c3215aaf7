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

/** In one spelling: IPv6 as RFC 5952 has it and without zone, IPv4 never mapped into it; undefined for what is no IP literal. */
export const readAddress = (text: string): string | undefined => {
  const family = isIP(text);
  if (family !== 6) return family === 4 ? text : undefined;
  // As every client of IPv4 looks to a socket of both families.
  if (text.startsWith('::ffff:') && text.includes('.')) return text.slice(7);
  const [, address = ''] = /^\[(.*)\]$/.exec(new URL(`http://[${text.replace(/%.*$/, '')}]`).hostname) ?? [];
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address) ?? [];
  return high === undefined ? address : [...bytesOf(high), ...bytesOf(low)].join('.');
};

const bytesOf = (hex = ''): [number, number] => {
  const value = Number.parseInt(hex, 16);
  return [value >> 8, value & 0xff];
};
