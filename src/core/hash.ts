import type { HashKey } from './model/traffic.ts';

/** FNV-1a over UTF-16 units, finished by MurmurHash3's fmix32 (its last bits are weak alone). Unsigned 32 bit. */
export const hash32 = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix32(hash);
};

export const mix32 = (hash: number): number => {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** What a hash may be taken of. */
export interface Hashable {
  readonly path: string;
  readonly clientAddress?: string | undefined;
  /** The value of a request's header by its lower-case name; several lines are joined, cookies by `; ` (RFC 9113, 8.2.3). */
  header?(name: string): string | undefined;
}

/** @returns undefined where the request lacks what is asked for */
export const hashOf = (key: HashKey, request: Hashable): number | undefined => {
  const text = keyText(key, request);
  return text === undefined || text === '' ? undefined : hash32(text);
};

/** @returns undefined or nothing where the request lacks what is asked for */
export const keyText = ({ of, name = '' }: HashKey, request: Hashable): string | undefined => {
  if (of === 'path') return request.path;
  if (of === 'address') return request.clientAddress;
  if (of === 'header') return request.header?.(name);
  return cookieOf(request.header?.('cookie') ?? '', name);
};

/** RFC 6265, 4.2.1: pairs joined by "; ". */
const cookieOf = (cookies: string, name: string): string | undefined => {
  for (const pair of cookies.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
};
