import { SETTINGS } from '../src/config.ts';
import { PICKING_SETTINGS } from '../src/core/settings/picking-settings.ts';
import { type SettingValues, setting } from '../src/core/settings/settings.ts';
import { TRAFFIC_SETTINGS } from '../src/core/settings/traffic-settings.ts';
import { UPSTREAM_TLS_SETTINGS } from '../src/core/settings/upstream-tls-settings.ts';
import { readDuration, readHostPort } from '../src/core/values.ts';
import { OTLP_SETTINGS } from '../src/telemetry/otlp/settings.ts';
import { SPAN_LIMIT_SETTINGS } from '../src/telemetry/span-limits.ts';

/** A setting that may be said several times; in the environment, joined by spaces. */
export interface ListSetting {
  readonly flag: string;
  readonly env: readonly string[];
  readonly help: string;
}

const readPort = (text: string): number | undefined => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
};

const readName = (text: string): string | undefined =>
  /^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/.test(text) ? text : undefined;

/** Everything that `sluice-sidecar` can be told, apart from the tags below. `--help` follows it. */
export const SIDECAR_SETTINGS = {
  service: setting<string | undefined>({
    flag: '--service <name>',
    env: ['SLUICE_SIDECAR_SERVICE'],
    fallback: undefined,
    read: readName,
    expected: 'letters, digits, ".", "_" and "-", e.g. --service orders',
    help: 'the name in the Consul catalog (required)',
  }),
  port: setting<number | undefined>({
    flag: '--port <port>',
    env: ['SLUICE_SIDECAR_PORT'],
    fallback: undefined,
    read: readPort,
    expected: 'a port from 1 to 65535, e.g. --port 3002',
    help: "the program's own port (required); it is told as PORT",
  }),
  version: setting<string | undefined>({
    flag: '--version <version>',
    env: ['SLUICE_SIDECAR_VERSION'],
    fallback: undefined,
    // Judged with the tags, where its form is defined.
    read: text => text,
    expected: 'a version',
    help: 'the version of this instance, e.g. v2',
  }),
  id: setting<string | undefined>({
    flag: '--id <id>',
    env: ['SLUICE_SIDECAR_ID'],
    fallback: undefined,
    fallbackText: 'SERVICE-HOSTNAME-PORT',
    read: text => (/^[^\s/]{1,128}$/.test(text) ? text : undefined),
    expected: 'up to 128 characters without spaces and "/"',
    help: 'the id of this instance, the same after a restart',
  }),
  address: setting<string | undefined>({
    flag: '--address <host>',
    env: ['SLUICE_SIDECAR_ADDRESS'],
    fallback: undefined,
    fallbackText: "the node's with an agent on this machine, else the one that reaches the agent",
    read: text => (/^[A-Za-z0-9._:-]{1,253}$/.test(text) && !/^[^:]*:\d+$/.test(text) ? text : undefined),
    expected: 'a host name or an IP address without port',
    help: 'the address that others reach this machine at',
  }),
  health: setting<string | undefined>({
    flag: '--health <path>',
    env: ['SLUICE_SIDECAR_HEALTH'],
    fallback: undefined,
    fallbackText: 'the port accepts connections',
    read: text => (/^\/[^\s#]*$/.test(text) ? text : undefined),
    expected: 'a path, e.g. --health /healthz',
    help: 'a path of the program that answers 2xx while it is well',
  }),
  proto: setting<'http' | 'h2c'>({
    flag: '--proto <protocol>',
    env: ['SLUICE_SIDECAR_PROTO'],
    fallback: 'http',
    fallbackText: 'http',
    read: text => (text === 'http' || text === 'h2c' ? text : undefined),
    expected: 'http (HTTP/1.1) or h2c (HTTP/2 in the clear: gRPC)',
    help: 'what the program speaks; h2c is registered, so that callers speak it all the way',
  }),
  inbound: setting<{ host: string; port: number } | undefined>({
    flag: '--inbound <host:port>',
    env: ['SLUICE_SIDECAR_INBOUND'],
    fallback: undefined,
    fallbackText: 'a free port',
    read: readHostPort,
    expected: 'host:port, e.g. 0.0.0.0:21000 (port 0 picks a free one)',
    help: 'where requests for the program come in; this is what is registered',
  }),
  outbound: setting({
    flag: '--outbound <host:port>',
    env: ['SLUICE_SIDECAR_OUTBOUND'],
    fallback: { host: '127.0.0.1', port: 0 },
    fallbackText: 'a free port of 127.0.0.1',
    read: readHostPort,
    expected: 'host:port, e.g. 127.0.0.1:21001 (port 0 picks a free one)',
    help: 'where the program calls NAME.mesh through; it is told as http_proxy',
  }),
  consul: SETTINGS.consul,
  consulToken: SETTINGS.consulToken,
  consulTokenFile: SETTINGS.consulTokenFile,
  consulTls: SETTINGS.consulTls,
  consulCa: SETTINGS.consulCa,
  consulCert: SETTINGS.consulCert,
  consulKey: SETTINGS.consulKey,
  consulServerName: SETTINGS.consulServerName,
  consulDc: SETTINGS.consulDc,
  redis: setting({
    ...SETTINGS.redis,
    fallback: 'off',
    help: 'where the weights are',
  }),
  redisPrefix: SETTINGS.redisPrefix,
  admin: setting<string | undefined>({
    flag: '--admin <host:port>',
    env: ['SLUICE_ADMIN'],
    fallback: undefined,
    read: text => {
      // fetch refuses user and password in a URL, and says both in its error.
      if (URL.canParse(text) && /^https?:\/\/[^/@]*(\/|$)/.test(text)) return text;
      const at = readHostPort(text);
      return at === undefined || at.host === '' ? undefined : `http://${text}`;
    },
    expected: 'host:port or a URL without a password, e.g. 127.0.0.1:9901',
    help: "a gateway's admin address: weights are read there when there is no Redis",
  }),
  otlp: SETTINGS.otlp,
  ...OTLP_SETTINGS,
  ...SPAN_LIMIT_SETTINGS,
  otelServiceName: setting<string | undefined>({
    ...SETTINGS.otelServiceName,
    fallback: undefined,
    fallbackText: "the service's name",
  }),
  otelSampler: SETTINGS.otelSampler,
  otelSamplerArg: SETTINGS.otelSamplerArg,
  otelPropagators: SETTINGS.otelPropagators,
  // Callers of a sidecar are gateways and other sidecars: what they decided about a trace holds.
  traceTrust: { ...SETTINGS.traceTrust, fallback: 'honour' } as typeof SETTINGS.traceTrust,
  tagPrefix: SETTINGS.tagPrefix,
  live: SETTINGS.live,
  ...PICKING_SETTINGS,
  ...TRAFFIC_SETTINGS,
  ...UPSTREAM_TLS_SETTINGS,
  ttl: setting({
    flag: '--ttl <duration>',
    env: ['SLUICE_SIDECAR_TTL'],
    fallback: 10_000,
    fallbackText: '10s',
    read: (text: string) => {
      const ms = readDuration(text);
      return ms !== undefined && ms >= 1_000 ? ms : undefined;
    },
    expected: 'a duration of at least 1s, e.g. 10s',
    help: 'how long the registration stays passing after the last sign of life',
  }),
  drain: setting({
    flag: '--drain <duration>',
    env: ['SLUICE_SIDECAR_DRAIN'],
    fallback: 2_000,
    fallbackText: '2s',
    read: readDuration,
    expected: 'a duration, e.g. 2s',
    help: 'how long to go on serving after deregistration, until every gateway has seen it',
  }),
  stopTimeout: setting({
    flag: '--stop-timeout <duration>',
    env: ['SLUICE_SIDECAR_STOP_TIMEOUT'],
    fallback: 10_000,
    fallbackText: '10s',
    read: readDuration,
    expected: 'a duration, e.g. 10s',
    help: 'how long requests under way, and then the program, may take to end',
  }),
  accessLog: setting({ ...SETTINGS.accessLog, fallback: 0, fallbackText: 'off' }),
  logLevel: SETTINGS.logLevel,
} as const;

export type SidecarSettings = SettingValues<typeof SIDECAR_SETTINGS>;

/** What becomes tags of the registration. */
export const TAG_SETTINGS = {
  path: {
    flag: '--path <path>',
    env: ['SLUICE_SIDECAR_PATH'],
    help: 'a path prefix that the gateway routes here, e.g. /orders (repeatable)',
  },
  exact: {
    flag: '--exact <path>',
    env: ['SLUICE_SIDECAR_EXACT'],
    help: 'an exact path that the gateway routes here (repeatable)',
  },
  host: {
    flag: '--host <host>',
    env: ['SLUICE_SIDECAR_HOST'],
    help: 'a host that the gateway routes here, e.g. shop.example.com (repeatable)',
  },
  tag: {
    flag: '--tag <key=value>',
    env: ['SLUICE_SIDECAR_TAG'],
    help: 'any other tag, e.g. weight=5 (repeatable)',
  },
} as const satisfies Record<string, ListSetting>;
