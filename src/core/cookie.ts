/** A cookie that we give. */
export interface Cookie {
  readonly name: string;
  /** To which paths it belongs; `/` where it is left out. */
  readonly path?: string | undefined;
  /** Seconds; without it, it lasts as long as the browser's session. */
  readonly maxAge?: number | undefined;
}

/**
 * The value of `Set-Cookie` that gives a caller a cookie (RFC 6265bis): not for scripts, and not sent along by other sites' forms. A
 * link from another site does bring it, or whoever returns from a payment would be a stranger: `Lax`, not `Strict`.
 *
 * @param value of characters that a cookie may have
 */
export const cookieFor = ({ name, path = '/', maxAge }: Cookie, value: string, isSecure: boolean): string => {
  const lasting = maxAge === undefined ? '' : `; Max-Age=${maxAge}`;
  return `${name}=${value}; Path=${path}${lasting}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
};
