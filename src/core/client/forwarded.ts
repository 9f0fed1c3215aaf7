import { MOST_PROXIES } from './forwarded-for.ts';
import { addressOfNode } from './node.ts';

/** What one proxy says of its peer. */
export interface ForwardedPeer {
  readonly address: string;
  readonly scheme?: 'http' | 'https';
}

/**
 * The client by `Forwarded` (RFC 7239), to which each proxy adds an element at the right, found as in `X-Forwarded-For`
 * (forwarded-for.ts). It is read from the right, so that nothing a client wrote can spoil what proxies wrote behind it.
 *
 * @param field as a trusted proxy sent it
 * @returns undefined where the last element names no address
 */
export const clientInForwarded = (
  field: string,
  isTrusted: (address: string) => boolean,
): ForwardedPeer | undefined => {
  let client: ForwardedPeer | undefined;
  let end = field.length;
  for (let proxies = 0; proxies < MOST_PROXIES && end > 0; proxies += 1) {
    const comma = lastComma(field, end);
    const peer = readElement(field.slice(comma + 1, end));
    if (peer === undefined) break;
    client = peer;
    if (!isTrusted(peer.address)) break;
    end = comma;
  }
  return client;
};

/** The last one before `end` that is in no quoted string; -1 where there is none. */
const lastComma = (field: string, end: number): number => {
  let isQuoted = false;
  for (let at = end - 1; at >= 0; at -= 1) {
    if (field[at] === '"') isQuoted = !isQuoted;
    else if (field[at] === ',' && !isQuoted) return at;
  }
  return -1;
};

/** `for=192.0.2.60;proto=http`. An escape in quotes (`\`) is in no address, and makes an element unreadable. */
const PAIR = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"([^"\\]*)")\s*$/;

const readElement = (element: string): ForwardedPeer | undefined => {
  let address: string | undefined;
  let scheme: 'http' | 'https' | undefined;
  for (const pair of element.split(';')) {
    const [, name = '', token, quoted = ''] = PAIR.exec(pair) ?? [];
    const value = token ?? quoted;
    if (name === '') return undefined;
    if (/^for$/i.test(name)) address = addressOfNode(value);
    else if (/^proto$/i.test(name) && /^https?$/i.test(value))
      scheme = /^https$/i.test(value) ? 'https' : 'http';
  }
  if (address === undefined) return undefined;
  return scheme === undefined ? { address } : { address, scheme };
};
