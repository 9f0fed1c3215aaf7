import { hash } from 'node:crypto';
import { type Hashable, keyText } from '../hash.ts';
import type { LimitKey } from '../model/filter.ts';
import { EVERYBODY } from './account-name.ts';

/**
 * By what one caller's requests are counted, the same in every process. What headers and cookies hold may be long, and may be
 * a secret that nobody else is to read, so it is a hash of them. Of an IPv6 address it is the network of 64 bits: a host has
 * that many addresses to itself (RFC 4291, 2.5.1), and could take another for each request.
 */
export const callerKey = (by: LimitKey | undefined, request: Hashable): string => {
  if (by === undefined) return EVERYBODY;
  const text = keyText(by, request) ?? '';
  return by.of === 'address' ? networkOf(text) : hash('sha256', text, 'base64url');
};

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
