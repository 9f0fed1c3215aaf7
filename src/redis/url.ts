import { ConfigError } from '../core/settings.ts';
import { formatHostPort, withoutBrackets } from '../core/values.ts';

/** Where a Redis is and how to log in. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
}

const EXPECTED = 'expected redis://[user:password@]host[:port][/db], or rediss:// for TLS';
const MALFORMED = `the Redis URL is malformed: ${EXPECTED}; in a password, write "/" as %2F, "#" as %23, "%" as %25`;

/**
 * Reads `redis://` and `rediss://` URLs (TLS), as IANA registers them: user and password percent-encoded, the
 * path is the number of the database.
 *
 * @throws ConfigError with a hint; it never repeats the URL, which may hold a password
 */
export const parseRedisUrl = (text: string): RedisAddress => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new ConfigError([MALFORMED]);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    const scheme = text.includes('://') ? `"${url.protocol}//" is not supported` : 'the scheme is missing';
    throw new ConfigError([`the Redis URL can't be used, ${scheme}: ${EXPECTED}`]);
  }
  const path = url.pathname.replace(/^\//, '');
  if (!/^\d{0,5}$/.test(path)) {
    throw new ConfigError([`the Redis URL must end in the number of a database (or nothing): ${EXPECTED}`]);
  }
  const username = decode(url.username);
  const password = decode(url.password);
  return {
    host: withoutBrackets(url.hostname) || '127.0.0.1',
    port: Number(url.port || 6379),
    db: Number(path || 0),
    tls: url.protocol === 'rediss:',
    ...(username === '' ? {} : { username }),
    // A user of Redis' ACL may be `nopass`, but AUTH still wants the argument.
    ...(username === '' && password === '' ? {} : { password }),
  };
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ConfigError([MALFORMED]);
  }
};

/** The address without its password, fit for logs and error messages. */
export const redactRedisUrl = ({ host, port, db, tls, username }: RedisAddress): string => {
  const user = username === undefined ? '' : `${encodeURIComponent(username)}@`;
  return `${tls ? 'rediss' : 'redis'}://${user}${formatHostPort({ host, port })}${db === 0 ? '' : `/${db}`}`;
};
