import { z } from 'zod';
import { type Env, isSaid, readSettings } from '../src/core/settings/settings.ts';
import type { Log } from '../src/telemetry/log.ts';
import { SIDECAR_SETTINGS, type SidecarSettings } from './settings.ts';
import { buildTags, readTagLists } from './tags.ts';

/** What `register` is told. All but `service` and `port` may be left out. */
export interface RegisterOptions {
  /** The name in the Consul catalog; others call it as `http://NAME.mesh/`. */
  readonly service: string;
  /** Where the application listens. */
  readonly port: number;
  readonly version?: string;
  /** Path prefixes that the gateway routes here. */
  readonly path?: string | readonly string[];
  /** Exact paths that the gateway routes here. */
  readonly exact?: string | readonly string[];
  /** Hosts that the gateway routes here. */
  readonly host?: string | readonly string[];
  /** Any other tags, e.g. `weight=5`. */
  readonly tags?: readonly string[];
  /** The address that others reach this machine at. Default: as Consul's agent sees it. */
  readonly address?: string;
  /** The same after a restart. Default: service, host name and port. */
  readonly id?: string;
  /**
   * A path that the agent asks (it must answer 2xx), or a function that says whether the application is well
   * and is asked every second. Default: the port accepts connections.
   */
  readonly health?: string | (() => boolean | Promise<boolean>);
  /** How long the registration stays passing after the last sign of life, in milliseconds. Default 10 s. */
  readonly ttl?: number;
  /** As `CONSUL_HTTP_ADDR`. */
  readonly consul?: string;
  /** As `REDIS_URL`. */
  readonly redis?: string;
  /** A gateway's admin address, where weights are read when there is no Redis. */
  readonly admin?: string;
  /** As `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly otlp?: string;
  /** Deregister on SIGTERM and SIGINT, wait, and let the signal do its work. Default: signals are yours. */
  readonly handleSignals?: boolean;
  /** Where to say what happens, e.g. Fastify's `app.log`. Default: warnings as JSON lines on stderr. */
  readonly log?: Log;
}

const strings = z
  .union([z.string(), z.array(z.string())], 'expected a string or an array of strings')
  .optional();

const SHAPE = z.strictObject({
  service: z.string().optional(),
  port: z.number().optional(),
  version: z.string().optional(),
  path: strings,
  exact: strings,
  host: strings,
  tags: z.array(z.string()).optional(),
  address: z.string().optional(),
  id: z.string().optional(),
  health: z
    .custom<RegisterOptions['health']>(
      value => ['string', 'function', 'undefined'].includes(typeof value),
      'expected a path or a function',
    )
    .optional(),
  ttl: z.number().optional(),
  consul: z.string().optional(),
  redis: z.string().optional(),
  admin: z.string().optional(),
  otlp: z.string().optional(),
  handleSignals: z.boolean().optional(),
  log: z
    .custom<Log>(value => typeof (value as Log | undefined)?.warn === 'function', 'expected a logger')
    .optional(),
});

/** Options and environment, judged and put together. */
export interface Registrant {
  readonly service: string;
  readonly port: number;
  readonly settings: SidecarSettings;
  readonly tags: readonly string[];
}

/** @throws TypeError that lists every problem */
export const readRegisterOptions = (options: RegisterOptions, env: Env): Registrant => {
  const problems: string[] = [];
  const wrong = new Set<string>();
  for (const issue of SHAPE.safeParse(options).error?.issues ?? []) {
    const key = issue.path.join('.');
    problems.push(key === '' ? issue.message : `${key}: ${issue.message}`);
    wrong.add(String(issue.path[0] ?? ''));
  }
  // What has the wrong type is judged no further; everything else is.
  const sound = Object.fromEntries(Object.entries(options ?? {}).filter(([name]) => !wrong.has(name)));
  const { port, ttl, health, path, exact, host, tags, ...texts } = sound as Partial<RegisterOptions>;
  const said = {
    ...texts,
    port: port === undefined ? undefined : String(port),
    ttl: ttl === undefined ? undefined : `${ttl}ms`,
    health: typeof health === 'string' ? health : undefined,
    path: list(path),
    exact: list(exact),
    host: list(host),
    tag: tags,
  };
  const sources = { said, env, nameOf: (name: string) => name };
  const settings = readSettings(SIDECAR_SETTINGS, sources, problems);
  const built = buildTags({ version: settings.version, ...readTagLists(sources) }, settings.tagPrefix);
  problems.push(...built.problems);
  const isMissing = (name: 'service' | 'port'): boolean =>
    !wrong.has(name) && !isSaid(SIDECAR_SETTINGS, name, sources);
  if (isMissing('service')) problems.push('service is missing: the name in the Consul catalog');
  if (isMissing('port')) problems.push('port is missing: the one that the application listens on');
  const { service } = settings;
  if (problems.length > 0 || service === undefined || settings.port === undefined) {
    throw new TypeError(`register: ${problems.join('; ')}`);
  }
  return { service, port: settings.port, settings, tags: built.tags };
};

const list = (value: string | readonly string[] | undefined): readonly string[] | undefined =>
  typeof value === 'string' ? [value] : value;
