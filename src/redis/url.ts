import { ConfigError } from '../core/settings/settings.ts';
import { formatHostPort, type HostPort, withoutBrackets } from '../core/values.ts';

/** Where a Redis is and how to log in. */
export interface RedisTarget {
  /** What `nodes` are: the server itself, Sentinels that know it, or some nodes of a cluster. */
  readonly mode: 'single' | 'sentinel' | 'cluster';
  readonly nodes: readonly [HostPort, ...HostPort[]];
  /** What the Sentinels call the server; empty in the other modes. */
  readonly master: string;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
  /** Absent without TLS. */
  readonly tls?: RedisTls;
}

/** Names of PEM files, and the name in the server's certificate where it isn't that of its address. */
export interface RedisTls {
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly sni?: string;
}

const EXPECTED =
  'expected redis://[user:password@]host[:port][/db], redis+sentinel://host:port,host:port/NAME[/db] or ' +
  'redis+cluster://host:port,host:port; rediss for TLS';
const MALFORMED = `the Redis URL is malformed: ${EXPECTED}; in a password, write "/" as %2F, "#" as %23, "%" as %25`;

const SHAPE =
  /^redis(?<tls>s)?(?:\+(?<mode>sentinel|cluster))?:\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>[^/?#]*))?@)?(?<hosts>[^@/?#]*)(?<path>\/[^?#]*)?(?:\?(?<query>[^#]*))?$/i;

const TLS_PARAMETERS = ['cacert', 'cert', 'key', 'sni'] as const;
const SENTINEL_PARAMETERS = ['sentinel-user', 'sentinel-password'] as const;

/**
 * Reads `redis://` and `rediss://` URLs (TLS), as IANA registers them: user and password percent-encoded, the path is
 * the number of the database. With `+sentinel` the path begins with the name of the primary. The parameters `cacert`,
 * `cert`, `key` and `sni` are redis-cli's flags of these names.
 *
 * @throws ConfigError with a hint; it never repeats the URL, which may hold a password
 */
export const parseRedisUrl = (text: string): RedisTarget => {
  const parts = SHAPE.exec(text)?.groups;
  if (parts === undefined) throw new ConfigError([whatIsWrong(text)]);
  const mode = (parts.mode?.toLowerCase() ?? 'single') as RedisTarget['mode'];
  const [first, ...others] = (parts.hosts ?? '').split(',').map(host => readNode(host, mode));
  if (first === undefined) throw new ConfigError([MALFORMED]);
  if (mode === 'single' && others.length > 0) {
    throw new ConfigError([
      `the Redis URL names several hosts, but neither Sentinel nor a cluster: ${EXPECTED}`,
    ]);
  }
  const username = decode(parts.user ?? '');
  const password = decode(parts.password ?? '');
  const tls = parts.tls !== undefined;
  return {
    mode,
    nodes: [first, ...others],
    ...readPath(parts.path ?? '', mode),
    ...(username === '' ? {} : { username }),
    // A user of Redis' ACL may be `nopass`, but AUTH still wants the argument.
    ...(username === '' && password === '' ? {} : { password }),
    ...readQuery(new URLSearchParams(parts.query ?? ''), mode, tls),
  };
};

const whatIsWrong = (text: string): string => {
  if (/^rediss?(\+\w+)?:\/\//i.test(text) || (!text.includes('://') && !text.includes(':'))) return MALFORMED;
  const scheme = /^([\w+.-]+:)\/\//.exec(text)?.[1];
  const what = scheme === undefined ? 'the scheme is missing' : `"${scheme}//" is not supported`;
  return `the Redis URL can't be used, ${what}: ${EXPECTED}`;
};

const readNode = (host: string, mode: RedisTarget['mode']): HostPort => {
  const url = URL.canParse(`redis://${host}`) ? new URL(`redis://${host}`) : undefined;
  if (url === undefined) throw new ConfigError([MALFORMED]);
  return {
    host: withoutBrackets(url.hostname) || '127.0.0.1',
    port: Number(url.port || (mode === 'sentinel' ? 26_379 : 6_379)),
  };
};

const readPath = (path: string, mode: RedisTarget['mode']): Pick<RedisTarget, 'master' | 'db'> => {
  const [first = '', second = '', ...more] = path.replace(/^\//, '').split('/');
  const [master, db] = mode === 'sentinel' ? [decode(first), second] : ['', first];
  if (mode === 'sentinel' && master === '') {
    throw new ConfigError([`the Redis URL must name the primary as its Sentinels do: ${EXPECTED}`]);
  }
  const isTooLong = more.length > 0 || (mode !== 'sentinel' && second !== '');
  if (isTooLong || !/^\d{0,5}$/.test(db) || (mode === 'cluster' && Number(db) > 0)) {
    const ending =
      mode === 'cluster'
        ? "of a cluster can't name a database"
        : 'must end in the number of a database (or nothing)';
    throw new ConfigError([`the Redis URL ${ending}: ${EXPECTED}`]);
  }
  return { master, db: Number(db) };
};

type FromQuery = Pick<RedisTarget, 'tls' | 'sentinelUsername' | 'sentinelPassword'>;

const readQuery = (query: URLSearchParams, mode: RedisTarget['mode'], isTls: boolean): FromQuery => {
  const known: readonly string[] = [
    ...(isTls ? TLS_PARAMETERS : []),
    ...(mode === 'sentinel' ? SENTINEL_PARAMETERS : []),
  ];
  if ([...query.keys()].some(name => !known.includes(name))) {
    const names = [...TLS_PARAMETERS.map(name => `${name} (with TLS)`), ...SENTINEL_PARAMETERS].join(', ');
    throw new ConfigError([`the Redis URL has a parameter that is not known here; known are ${names}`]);
  }
  const tls = Object.fromEntries([...query].filter(([name]) => !name.startsWith('sentinel-')));
  const sentinelUsername = query.get('sentinel-user');
  const sentinelPassword = query.get('sentinel-password');
  return {
    ...(isTls ? { tls } : {}),
    ...(sentinelUsername === null ? {} : { sentinelUsername }),
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
  };
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ConfigError([MALFORMED]);
  }
};

/** The address without its passwords, fit for logs and error messages. */
export const redactRedisUrl = ({ mode, nodes, master, db, tls, username }: RedisTarget): string => {
  const scheme = `${tls === undefined ? 'redis' : 'rediss'}${mode === 'single' ? '' : `+${mode}`}`;
  const user = username === undefined ? '' : `${encodeURIComponent(username)}@`;
  const name = master === '' ? '' : `/${encodeURIComponent(master)}`;
  return `${scheme}://${user}${nodes.map(formatHostPort).join(',')}${name}${db === 0 ? '' : `/${db}`}`;
};
