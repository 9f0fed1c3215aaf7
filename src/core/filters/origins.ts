/** Whether requests of an origin are allowed. @param origin as `Origin` has it (RFC 6454, 7) */
export type AllowsOrigin = (origin: string) => boolean;

/**
 * Origins as a rule names them (Gateway API, CORSOrigin): `https://shop.example.com:8443`, `https://*.example.com` (one
 * label or more in place of `*`), `https://*` (any host), or `*` (any origin). A port that is not named is the usual one of
 * its scheme.
 */
export const compileOrigins = (origins: readonly string[]): AllowsOrigin => {
  if (origins.includes('*')) return () => true;
  const patterns = origins.map(readOrigin).filter(pattern => pattern !== undefined);
  return origin => {
    const asked = readOrigin(origin);
    return asked !== undefined && patterns.some(pattern => fits(pattern, asked));
  };
};

interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

const ORIGIN = /^(https?):\/\/([^\s/?#@:]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/;

const readOrigin = (text: string): Origin | undefined => {
  const [, scheme, host, port = scheme === 'https' ? '443' : '80'] = ORIGIN.exec(text.toLowerCase()) ?? [];
  return scheme === undefined || host === undefined ? undefined : { scheme, host, port };
};

const fits = (pattern: Origin, { scheme, host, port }: Origin): boolean => {
  if (pattern.scheme !== scheme || pattern.port !== port) return false;
  if (!pattern.host.startsWith('*')) return pattern.host === host;
  const suffix = pattern.host.slice(1);
  return host.length > suffix.length && host.endsWith(suffix);
};
