import { createHash } from 'node:crypto';
import { type Hashable, keyText } from '../hash.ts';
import type { LimitKey } from '../model/filter.ts';

/** Longer ones are kept as their hash: a caller must not fill our memory with them. */
const LONGEST = 64;

/**
 * What one caller's requests are counted by. Of an IPv6 address it is the network of 64 bits: a host has that many
 * addresses to itself (RFC 4291, 2.5.1), and could take another for each request.
 */
export const callerKey = (by: LimitKey, request: Hashable): string => {
  const text = keyText(by, request) ?? '';
  if (by.of === 'address') return networkOf(text);
  return text.length > LONGEST ? digest(text) : text;
};

/**
 * The name of a caller outside of this process. What headers and cookies hold may be secrets, and nobody else is to read
 * them.
 */
export const keyNameFor = (by: LimitKey, key: string): string => (by.of === 'address' ? key : digest(key));

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

const networkOf = (address: string): string => {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (groups.length < 4 && tail !== undefined) {
    const behind = tail === '' ? [] : tail.split(':');
    while (groups.length + behind.length < 8) groups.push('0');
    groups.push(...behind);
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
};
