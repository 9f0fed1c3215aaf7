import { formatDuration, formatSize, readCount, readDuration, readSize } from '../values.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS, type Limits, type Timeouts } from './limits.ts';
import { type Setting, type SettingValues, setting } from './settings.ts';

interface Kind {
  /** In `--help`, for what has a flag. */
  readonly placeholder: string;
  readonly read: (text: string) => number | undefined;
  readonly format: (value: number) => string;
  readonly expected: string;
}

const DURATION: Kind = {
  placeholder: 'duration',
  read: readDuration,
  format: formatDuration,
  expected: 'a duration, e.g. 30s',
};
const SIZE: Kind = {
  placeholder: 'size',
  read: readSize,
  format: formatSize,
  expected: 'a size, e.g. 32KiB or 1MB',
};
const COUNT: Kind = {
  placeholder: 'count',
  read: readCount,
  format: String,
  expected: 'a whole number from 1, e.g. 1000',
};

/** A setting in milliseconds, bytes or pieces. */
const bound = (
  { placeholder, read, format, expected }: Kind,
  key: string,
  fallback: number,
  help: string,
  { flag = false, canBeOff = true }: { readonly flag?: boolean; readonly canBeOff?: boolean } = {},
): Setting<number> =>
  setting({
    ...(flag ? { flag: `--${key} <${placeholder}>` } : {}),
    env: [`SLUICE_${key.toUpperCase().replaceAll('-', '_')}`],
    fallback: fallback === UNLIMITED ? OFF : fallback,
    fallbackText: fallback === UNLIMITED || fallback === OFF ? 'off' : format(fallback),
    read: canBeOff ? text => (text === 'off' ? OFF : read(text)) : read,
    expected: canBeOff ? `${expected}, or off` : expected,
    help,
  });

/** Off, for a value that a configuration holds: it goes through JSON, which knows no infinity. */
const OFF = 0;
const UNLIMITED = Number.POSITIVE_INFINITY;

const FLAG = { flag: true };
const NEVER_OFF = { canBeOff: false };

const { requestHead, clientStall, rateGrace, keepAlive, response, total } = DEFAULT_TIMEOUTS;
const { connect, responseHead, responseStall, linger, auth, loopDelay } = DEFAULT_TIMEOUTS;

/** The settings of limits and timeouts: the names that operators know, and flags for those that they reach for. */
export const LIMIT_SETTINGS = {
  timeout: bound(
    DURATION,
    'timeout',
    response,
    'how long a caller waits for the head of the response, over all tries, once its request is there',
    FLAG,
  ),
  totalTimeout: bound(
    DURATION,
    'total-timeout',
    total,
    'the whole of a request, from its head to the end of its response; streams end by it, too',
  ),
  tryTimeout: bound(
    DURATION,
    'try-timeout',
    responseHead,
    'how long one try waits for the head of its response',
  ),
  connectTimeout: bound(
    DURATION,
    'connect-timeout',
    connect,
    'how long a connection to an instance may take to be made',
  ),
  responseIdleTimeout: bound(
    DURATION,
    'response-idle-timeout',
    responseStall,
    'how long a response that has begun may rest',
  ),
  headTimeout: bound(
    DURATION,
    'head-timeout',
    requestHead,
    'how long a client may take to send the head of a request',
  ),
  clientTimeout: bound(
    DURATION,
    'client-timeout',
    clientStall,
    'how long a client may neither send what is missing of its body nor take what waits for it',
  ),
  clientRate: bound(
    SIZE,
    'client-rate',
    DEFAULT_LIMITS.clientRate,
    'bytes a second that a client sends or takes at least while the gateway waits for it',
  ),
  clientRateGrace: bound(DURATION, 'client-rate-grace', rateGrace, 'how long client-rate does not count'),
  keepAliveTimeout: bound(
    DURATION,
    'keep-alive-timeout',
    keepAlive,
    'how long a connection of a client may be idle',
  ),
  lingerTimeout: bound(
    DURATION,
    'linger-timeout',
    linger,
    'how long a connection that ends stays open for what the client still sends',
  ),
  authTimeout: bound(
    DURATION,
    'auth-timeout',
    auth,
    'how long a request waits for whoever judges whether it may pass (auth filters)',
  ),
  maxBodySize: bound(SIZE, 'max-body-size', DEFAULT_LIMITS.bodyBytes, 'the largest request body', FLAG),
  maxKeptBodySize: bound(
    SIZE,
    'max-kept-body-size',
    DEFAULT_LIMITS.keptBodyBytes,
    'the largest body that is read before it is sent, and can be sent again',
  ),
  maxHeaderSize: bound(
    SIZE,
    'max-header-size',
    DEFAULT_LIMITS.headerBytes,
    'the largest head of a request, its line and all headers together',
    NEVER_OFF,
  ),
  maxHeaders: bound(COUNT, 'max-headers', DEFAULT_LIMITS.headerCount, 'the most headers of a request'),
  maxUriSize: bound(SIZE, 'max-uri-size', DEFAULT_LIMITS.uriBytes, 'the longest request target'),
  maxRequests: bound(
    COUNT,
    'max-requests',
    DEFAULT_LIMITS.requests,
    'requests under way; more are answered 503',
    FLAG,
  ),
  maxConnections: bound(
    COUNT,
    'max-connections',
    DEFAULT_LIMITS.connections,
    'connections of clients; more are closed as they come',
    FLAG,
  ),
  maxConnectionsPerClient: bound(
    COUNT,
    'max-connections-per-client',
    DEFAULT_LIMITS.connectionsPerClient,
    'connections from one address; more are closed as they come',
  ),
  maxStreams: bound(
    COUNT,
    'max-streams',
    DEFAULT_LIMITS.streamsPerConnection,
    'requests under way on one HTTP/2 connection; the client keeps others back',
    NEVER_OFF,
  ),
  maxConnectionsPerInstance: bound(
    COUNT,
    'max-connections-per-instance',
    DEFAULT_LIMITS.connectionsPerInstance,
    'connections to one instance; with all in use, another instance is taken',
  ),
  shedDelay: bound(
    DURATION,
    'shed-delay',
    loopDelay,
    'an event loop that stays late by so much has a share of the requests answered 503',
  ),
} as const;

export type LimitSettings = SettingValues<typeof LIMIT_SETTINGS>;

const unlessOff = (value: number): number => (value === OFF ? UNLIMITED : value);

export const limitsOf = (settings: LimitSettings): Limits => ({
  headerBytes: settings.maxHeaderSize,
  headerCount: unlessOff(settings.maxHeaders),
  uriBytes: unlessOff(settings.maxUriSize),
  bodyBytes: unlessOff(settings.maxBodySize),
  keptBodyBytes: settings.maxKeptBodySize,
  requests: unlessOff(settings.maxRequests),
  connections: unlessOff(settings.maxConnections),
  connectionsPerClient: unlessOff(settings.maxConnectionsPerClient),
  streamsPerConnection: settings.maxStreams,
  connectionsPerInstance: unlessOff(settings.maxConnectionsPerInstance),
  clientRate: settings.clientRate,
});

export const timeoutsOf = (settings: LimitSettings): Timeouts => ({
  requestHead: settings.headTimeout,
  clientStall: settings.clientTimeout,
  rateGrace: settings.clientRateGrace,
  keepAlive: settings.keepAliveTimeout,
  response: settings.timeout,
  total: settings.totalTimeout,
  connect: settings.connectTimeout,
  responseHead: settings.tryTimeout,
  responseStall: settings.responseIdleTimeout,
  linger: settings.lingerTimeout,
  auth: settings.authTimeout,
  loopDelay: settings.shedDelay,
});
