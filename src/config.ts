/**
 * Flags, environment and file -> one frozen Config. One list of all settings, from which help and docs are made: long for that
 * reason alone.
 */

import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isMap, isScalar as isScalarNode, LineCounter, parseDocument } from 'yaml';
import type { LivePolicy } from './core/model/instance.ts';
import { CLIENT_SETTINGS, clientProblems } from './core/settings/client-settings.ts';
import { LIMIT_SETTINGS } from './core/settings/limit-settings.ts';
import { PICKING_SETTINGS } from './core/settings/picking-settings.ts';
import { RATE_LIMIT_SETTINGS } from './core/settings/rate-limit-settings.ts';
import {
  ConfigError,
  type Env,
  isSaid,
  placeOf,
  readSettings,
  type Setting,
  type SettingFile,
  type SettingSources,
  type SettingValues,
  setting,
  settingKey,
} from './core/settings/settings.ts';
import { TLS_SETTINGS } from './core/settings/tls-settings.ts';
import { TRAFFIC_SETTINGS } from './core/settings/traffic-settings.ts';
import { UPSTREAM_TLS_SETTINGS } from './core/settings/upstream-tls-settings.ts';
import { DIALECT_NAMES, type DialectName } from './core/tags/dialect.ts';
import { readDuration, readHostPort, readRatio, readSwitch } from './core/values.ts';
import { LOG_LEVELS, type LogLevel } from './telemetry/log.ts';
import { OTLP_SETTINGS } from './telemetry/otlp/settings.ts';
import {
  DEFAULT_PROPAGATORS,
  PROPAGATORS,
  type PropagatorName,
  readPropagators,
} from './telemetry/propagation.ts';
import { readSampler, TRACE_TRUSTS, type TraceTrust } from './telemetry/sampling.ts';
import { SPAN_LIMIT_SETTINGS } from './telemetry/span-limits.ts';

const text = (value: string): string | undefined => (value === '' ? undefined : value);

const oneOf =
  <T extends string>(...values: readonly T[]) =>
  (value: string): T | undefined =>
    values.find(candidate => candidate === value);

const url = (value: string, ...protocols: readonly string[]): string | undefined => {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  return parsed !== undefined && protocols.includes(parsed.protocol) ? value : undefined;
};

/** Its parts are judged where the connection is made. */
const REDIS_URL = /^rediss?(\+sentinel|\+cluster)?:\/\//;

const orNone = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** Consul's address as its own tools take it: `host:port` or a URL. */
const consulAddress = (value: string): string | undefined =>
  readHostPort(value) !== undefined && !value.startsWith(':') ? value : url(value, 'http:', 'https:');

/** Its value is the text in the file. */
const pemFile = (
  of: Pick<Setting<string | undefined>, 'env' | 'expected' | 'help'>,
): Setting<string | undefined> => ({
  ...of,
  fallback: undefined,
  read: file => orNone(() => readFileSync(file, 'utf8')),
});

/** 0 is none. */
const readWorkers = (value: string): number | undefined => {
  if (value === 'off') return 0;
  if (value === 'auto') return availableParallelism();
  return /^[1-9]\d{0,2}$/.test(value) && Number(value) <= 256 ? Number(value) : undefined;
};

const readDialects = (value: string): readonly DialectName[] | undefined => {
  const names = value.split(',').map(name => oneOf(...DIALECT_NAMES)(name.trim()));
  return names.every(name => name !== undefined) ? [...new Set(names)] : undefined;
};

/** Every setting of `sluice gateway` and `sluice dev`. `--help`, the file and docs/configuration.md follow it. */
export const SETTINGS = {
  listen: setting({
    flag: '--listen <host:port>',
    env: ['SLUICE_LISTEN'],
    fallback: { host: '', port: 8080 },
    fallbackText: ':8080',
    read: readHostPort,
    expected: 'host:port, e.g. 0.0.0.0:8080 (port 0 picks a free one)',
    help: 'where traffic comes in',
  }),
  ...TLS_SETTINGS,
  ...UPSTREAM_TLS_SETTINGS,
  admin: setting({
    flag: '--admin <host:port>',
    env: ['SLUICE_ADMIN'],
    fallback: { host: '127.0.0.1', port: 9901 },
    fallbackText: '127.0.0.1:9901',
    read: readHostPort,
    expected: 'host:port, e.g. 127.0.0.1:9901',
    help: 'where health, metrics and the API are; keep it private',
  }),
  consul: setting({
    flag: '--consul <host:port>',
    env: ['SLUICE_CONSUL', 'CONSUL_HTTP_ADDR'],
    fallback: '127.0.0.1:8500',
    read: consulAddress,
    expected: 'host:port or a URL, e.g. 127.0.0.1:8500',
    help: 'the Consul agent',
  }),
  consulToken: setting<string | undefined>({
    env: ['CONSUL_HTTP_TOKEN'],
    fallback: undefined,
    read: text,
    isSecret: true,
    expected: 'a token',
    help: "the Consul ACL token (environment only: a process's flags are visible to everyone)",
  }),
  consulTokenFile: setting<string | undefined>({
    flag: '--consul-token-file <file>',
    env: ['CONSUL_HTTP_TOKEN_FILE'],
    fallback: undefined,
    read: file => (orNone(() => readFileSync(file, 'utf8')) === undefined ? undefined : file),
    expected: 'a file that can be read, e.g. /run/secrets/consul-token',
    help: 'file of the Consul ACL token, read again when it is replaced; outranks consul-token',
  }),
  consulTls: setting({
    env: ['CONSUL_HTTP_SSL'],
    fallback: false,
    read: readSwitch,
    expected: 'true or false',
    help: 'speak https to Consul',
  }),
  consulCa: pemFile({
    env: ['CONSUL_CACERT'],
    expected: 'a file that can be read, e.g. /etc/consul/ca.pem',
    help: "file of the authority that signed Consul's certificate (PEM)",
  }),
  consulCert: pemFile({
    env: ['CONSUL_CLIENT_CERT'],
    expected: 'a file that can be read, e.g. /etc/sluice/consul.pem',
    help: 'file of our certificate for Consul (PEM)',
  }),
  consulKey: pemFile({
    env: ['CONSUL_CLIENT_KEY'],
    expected: 'a file that can be read, e.g. /etc/sluice/consul-key.pem',
    help: "file of that certificate's key (PEM)",
  }),
  consulServerName: setting<string | undefined>({
    env: ['CONSUL_TLS_SERVER_NAME'],
    fallback: undefined,
    read: text,
    expected: 'a name, e.g. server.dc1.consul',
    help: "the name in Consul's certificate, where it isn't that of its address",
  }),
  consulDc: setting<string | undefined>({
    flag: '--consul-dc <name>',
    env: ['SLUICE_CONSUL_DC'],
    fallback: undefined,
    fallbackText: "the agent's own",
    read: value => (/^[A-Za-z0-9_-]{1,64}$/.test(value) ? value : undefined),
    expected: 'the name of a datacenter, e.g. dc2',
    help: 'the Consul datacenter that is followed',
  }),
  hold: setting({
    flag: '--hold <duration>',
    env: ['SLUICE_HOLD'],
    fallback: 60_000,
    fallbackText: '60s',
    read: readDuration,
    expected: 'a duration, e.g. 60s',
    help: 'how long an instance is kept that a Consul in doubt no longer lists; 0s never',
  }),
  routes: setting<string | undefined>({
    flag: '--routes <file|folder>',
    env: ['SLUICE_ROUTES'],
    fallback: undefined,
    fallbackText: 'none',
    read: path => (existsSync(path) ? path : undefined),
    expected: 'a file or a folder that is there',
    help: 'route documents (HTTPRoute): a file, or the *.yaml, *.yml and *.json of a folder; followed live',
  }),
  routesPrefix: setting({
    env: ['SLUICE_ROUTES_PREFIX'],
    fallback: 'sluice/routes/',
    read: value => (/^[^/]/.test(value) ? value : undefined),
    expected: 'what keys begin with, e.g. sluice/routes/, or off',
    help: "route documents in Consul's KV store: those of the keys that begin with this; off reads none",
  }),
  redis: setting<string>({
    flag: '--redis <url|off>',
    env: ['SLUICE_REDIS', 'REDIS_URL'],
    fallback: 'redis://127.0.0.1:6379',
    read: value => (value === 'off' ? value : REDIS_URL.test(value) ? value : undefined),
    isSecret: true,
    expected:
      'redis://[user:password@]host:port[/db], redis+sentinel://…, redis+cluster://…, rediss://… or "off"',
    help: 'where the weights are; "off" keeps them in memory',
  }),
  redisPrefix: setting({
    flag: '--redis-prefix <text>',
    env: ['SLUICE_REDIS_PREFIX'],
    fallback: 'sluice:',
    read: value => (/^\S{1,64}$/.test(value) ? value : undefined),
    expected: '1 to 64 characters without spaces, e.g. sluice:',
    help: 'what stands before every key and channel in Redis',
  }),
  otlp: setting<string | undefined>({
    flag: '--otlp <url>',
    env: ['SLUICE_OTLP', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    fallback: undefined,
    fallbackText: 'no traces are exported',
    read: value => url(value, 'http:', 'https:'),
    isSecret: true,
    expected: 'a base URL, e.g. http://127.0.0.1:4318',
    help: 'OTLP/HTTP receiver of traces; /v1/traces is added',
  }),
  ...OTLP_SETTINGS,
  ...SPAN_LIMIT_SETTINGS,
  otelServiceName: setting({
    env: ['OTEL_SERVICE_NAME'],
    fallback: 'sluice-gateway',
    read: text,
    expected: 'a name',
    help: 'service.name of the spans',
  }),
  otelSampler: setting<string | undefined>({
    env: ['OTEL_TRACES_SAMPLER'],
    fallback: undefined,
    fallbackText: 'parentbased_always_on',
    read: value => orNone(() => readSampler(value, undefined)) && value,
    expected: 'always_on, always_off or traceidratio, with or without parentbased_ in front',
    help: 'which traces are recorded',
  }),
  otelSamplerArg: setting<string | undefined>({
    env: ['OTEL_TRACES_SAMPLER_ARG'],
    fallback: undefined,
    read: value => orNone(() => readSampler('traceidratio', value)) && value,
    expected: 'a share from 0 to 1, e.g. 0.01',
    help: "the sampler's ratio",
  }),
  otelPropagators: setting<readonly PropagatorName[]>({
    env: ['OTEL_PROPAGATORS'],
    fallback: DEFAULT_PROPAGATORS,
    fallbackText: DEFAULT_PROPAGATORS.join(','),
    read: value => orNone(() => readPropagators(value)),
    expected: `some of ${PROPAGATORS.join(', ')}, joined by commas`,
    help: 'how trace context travels',
  }),
  traceTrust: setting<TraceTrust>({
    flag: '--trace-trust <policy>',
    env: ['SLUICE_TRACE_TRUST'],
    fallback: 'cap',
    read: oneOf(...TRACE_TRUSTS),
    expected: TRACE_TRUSTS.join(', '),
    help: "whether the caller's sampling decision is followed: up to a cap a second, always, or never",
  }),
  stateDir: setting({
    flag: '--state-dir <folder|off>',
    env: ['SLUICE_STATE_DIR', 'STATE_DIRECTORY'],
    fallback: 'off',
    // systemd joins several directories by colons.
    read: value => (/^[^:\0]+$/.test(value) ? value : undefined),
    expected: 'one folder, e.g. /var/lib/sluice, or "off"',
    help: 'where the last known good state is kept, for a start without Consul or Redis',
  }),
  tagPrefix: setting({
    flag: '--tag-prefix <text>',
    env: ['SLUICE_TAG_PREFIX'],
    fallback: '',
    read: value => (/^[^\s=]{0,64}$/.test(value) ? value : undefined),
    expected: 'up to 64 characters without "=" and spaces, e.g. sluice.',
    help: 'what stands before each key in Consul tags',
  }),
  tags: setting<readonly DialectName[]>({
    flag: '--tags <dialects>',
    env: ['SLUICE_TAGS'],
    fallback: ['sluice'],
    fallbackText: 'sluice',
    read: readDialects,
    expected: `some of ${DIALECT_NAMES.join(', ')}, separated by commas, e.g. sluice,fabio`,
    help: 'whose Consul tags are read; of what two of them say of one instance, the first one has it',
  }),
  ...CLIENT_SETTINGS,
  live: setting<LivePolicy>({
    env: ['SLUICE_LIVE'],
    fallback: 'passing-only',
    read: oneOf('passing-only', 'allow-warning'),
    expected: 'passing-only or allow-warning',
    help: 'which health gets traffic (flags --passing-only, --allow-warning)',
  }),
  ...PICKING_SETTINGS,
  ...TRAFFIC_SETTINGS,
  ...RATE_LIMIT_SETTINGS,
  ...LIMIT_SETTINGS,
  workers: setting({
    flag: '--workers <count|auto>',
    env: ['SLUICE_WORKERS'],
    fallback: 0,
    fallbackText: 'off: one process does it all',
    read: readWorkers,
    expected: 'auto, off, or a number from 1 to 256',
    help: 'worker processes that serve the traffic; auto is one a core; SIGHUP replaces them one by one',
  }),
  drainDelay: setting({
    flag: '--drain-delay <duration>',
    env: ['SLUICE_DRAIN_DELAY'],
    fallback: 0,
    fallbackText: '0s',
    read: readDuration,
    expected: 'a duration, e.g. 10s',
    help: 'how long new connections are still taken after SIGTERM, while readiness is off',
  }),
  drain: setting({
    flag: '--drain <duration>',
    env: ['SLUICE_DRAIN'],
    fallback: 30_000,
    fallbackText: '30s',
    read: readDuration,
    expected: 'a duration, e.g. 30s',
    help: 'how long requests under way may take to finish then',
  }),
  accessLog: setting<number>({
    flag: '--access-log <on|off|share>',
    env: ['SLUICE_ACCESS_LOG'],
    fallback: 1,
    fallbackText: 'on',
    read: value => (readSwitch(value) === undefined ? readRatio(value) : Number(readSwitch(value))),
    expected: 'on, off or a share, e.g. 1%',
    help: 'one JSON line a request on stdout: all, none, or a sample (errors always)',
  }),
  logLevel: setting<LogLevel>({
    flag: '--log-level <level>',
    env: ['SLUICE_LOG_LEVEL'],
    fallback: 'info',
    read: oneOf(...LOG_LEVELS),
    expected: LOG_LEVELS.join(', '),
    help: 'how much the process says on stderr',
  }),
} as const;

/** Every setting with its value. Frozen. */
export type Config = SettingValues<typeof SETTINGS>;

export interface ConfigSources {
  /** Setting name -> what the command line says. */
  readonly flags: Partial<Record<keyof Config, string>>;
  readonly env: Env;
  /** The YAML file of `--config`. */
  readonly file?: string | undefined;
}

/**
 * Reads flags, environment and file into one Config.
 *
 * @throws ConfigError with every problem at once
 */
export const loadConfig = (given: ConfigSources): Config => {
  const problems: string[] = [];
  const config = readSettings(SETTINGS, sourcesOf(given, problems), problems);
  if (problems.length === 0) problems.push(...clientProblems(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
};

/** Whether anyone said anything about a setting. */
export const isGiven = (name: keyof Config, given: ConfigSources): boolean =>
  isSaid(SETTINGS, name, sourcesOf(given, []));

const sourcesOf = ({ flags, env, file }: ConfigSources, problems: string[]): SettingSources => ({
  said: flags,
  nameOf: name => `--${settingKey(name)}`,
  env,
  ...(file === undefined ? {} : { file: readFile(file, problems) }),
});

/**
 * In one line. A parser repeats behind a colon what it did not understand, and of a password that begins with `*` or `|`
 * that is all of it.
 */
const reasonOf = (error: unknown): string => {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const isOfFile = error instanceof Error && 'syscall' in error;
  return isOfFile ? line : line.replace(/:$/, '').replace(/: .*?(?= at line \d+, column \d+$|$)/, '');
};

const readFile = (file: string, problems: string[]): SettingFile => {
  const known = new Set(Object.keys(SETTINGS).map(settingKey));
  const values = new Map<string, string>();
  const lines = new Map<string, number>();
  const found = { path: file, values, lines };
  let document: unknown;
  try {
    const lineCounter = new LineCounter();
    const parsed = parseDocument(readFileSync(file, 'utf8'), { prettyErrors: true, lineCounter });
    const [wrong] = parsed.errors;
    if (wrong !== undefined) throw wrong;
    document = parsed.toJS();
    for (const { key } of isMap(parsed.contents) ? parsed.contents.items : []) {
      if (isScalarNode(key)) lines.set(String(key.value), lineCounter.linePos(key.range?.[0] ?? 0).line);
    }
  } catch (error) {
    problems.push(`${file}: ${reasonOf(error)}`);
    return found;
  }
  if (document === null || document === undefined) return found;
  if (typeof document !== 'object' || Array.isArray(document)) {
    problems.push(`${file}: expected "setting: value" lines, e.g. listen: ":8080"`);
    return found;
  }
  for (const [key, value] of Object.entries(document)) {
    // A list is as good as what it lists joined by commas, which is how flags and variables say it.
    const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
    const place = placeOf(key, found);
    if (!known.has(key)) {
      problems.push(`${place}: unknown setting "${key}"; known are ${[...known].join(', ')}`);
    } else if (parts.every(isScalar)) values.set(key, parts.join(','));
    else problems.push(`${place}: ${key}: expected one value`);
  }
  return found;
};

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);
