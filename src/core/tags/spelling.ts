import { AddressSet } from '../address-set.ts';
import { normalisePath } from '../path.ts';

/** How hosts, paths and names are spelled in tags, whatever the dialect. */

const LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST = new RegExp(`^(${LABEL}\\.)*${LABEL}$`);

/** A name in lower case, without port, that may have `*.` in front. */
export const isHostPattern = (host: string): boolean => isHostName(host.replace(/^\*\./, ''));

export const isHostName = (host: string): boolean => HOST.test(host) && host.length <= 253;

/** What a `Host` field may say: a name, with a port perhaps. */
export const isHostToSend = (host: string): boolean => {
  const [, name = '', , port = '1'] = /^([^:]+)(:(\d{1,5}))?$/.exec(host) ?? [];
  return isHostName(name.toLowerCase()) && Number(port) <= 65_535 && Number(port) > 0;
};

/**
 * A path as requests bring it, or undefined where none could: it begins with `/`, and holds no blank, query, fragment,
 * wildcard or dot segment. What URLs cannot hold is escaped.
 */
export const readPath = (text: string): string | undefined =>
  /[\s*]/.test(text) ? undefined : readText(text);

/** As `readPath`, but blanks and `*` may be in it: they mean themselves. */
export const readText = (text: string): string | undefined => {
  const isSound = /^\/[^?#\\\p{Cc}\p{Cs}]*$/u.test(text) && text.length <= 2048;
  const moves = text.split('/').some(segment => /^(\.|%2e){1,2}$/i.test(segment));
  return isSound && !moves ? normalisePath(text.replace(NEVER_IN_URLS, encodeURIComponent)) : undefined;
};

/** Requests bring these as escapes only (RFC 3986, 2.1): `/größe` is asked for as `/gr%C3%B6%C3%9Fe`. */
const NEVER_IN_URLS = /[^!-~]|["<>^`{}]/gu;

/** RFC 9110, 5.6.2: the name of a field or a method. */
export const isToken = (text: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(text);

/** An address or a CIDR block. */
export const isBlock = (text: string): boolean => {
  try {
    new AddressSet([text]);
    return true;
  } catch {
    return false;
  }
};
