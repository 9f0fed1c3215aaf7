import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceCheck } from '../src/consul/registration.ts';
import { ConfigError } from '../src/core/settings/settings.ts';
import { formatHostPort } from '../src/core/values.ts';
import { createLog } from '../src/telemetry/log.ts';
import { openTracing } from '../src/telemetry/telemetry.ts';
import { announce } from './announce.ts';
import { createMeshFetch, type MeshFetch } from './mesh-fetch.ts';
import { openParts } from './parts.ts';
import { askedProbe, httpProbe, type Probe, tcpProbe } from './probe.ts';
import { type RegisterOptions, readRegisterOptions } from './register-options.ts';
import { beforeSignals } from './signals.ts';

export type { MeshFetch, MeshInit } from './mesh-fetch.ts';
export type { RegisterOptions } from './register-options.ts';
export type { From } from './trace-carrier.ts';

/** An application that is an instance of a service. */
export interface Handle {
  /** Of the instance, as it is registered. */
  readonly id: string;
  /**
   * `fetch`, but `http://NAME.mesh/…` finds a live instance of that service, in its split, and belongs to the
   * trace of `from`, the request that you are answering (or else to OpenTelemetry's active context). A service
   * that nobody knows answers 404, one without live instances 503.
   */
  readonly fetch: MeshFetch;
  /**
   * Deregisters first, then waits until every gateway has seen it; resolves when no new requests come and the
   * server can be closed. Never rejects. `fetch` goes on working, with the instances known last.
   */
  close(options?: {
    /** Milliseconds to wait after the deregistration. Default 2,000. */
    readonly drain?: number;
  }): Promise<void>;
}

/** How long `register` waits for an agent that is away. */
const PATIENCE_MS = 3_000;

const HTTP_CHECK_SECONDS = 2;

/**
 * Makes this application an instance of a service: registered with Consul, its check kept alive, registered
 * again when the agent has forgotten it.
 *
 * Resolves when it is registered; while Consul is away, after a few seconds, and it goes on trying.
 *
 * @throws TypeError with every problem of the options and of the environment
 */
export const register = async (options: RegisterOptions): Promise<Handle> => {
  const { service, port, settings, tags } = readRegisterOptions(options, process.env);
  const level = process.env.SLUICE_LOG_LEVEL ? settings.logLevel : 'warn';
  const log = options.log ?? createLog({ level, name: 'sluice-sidecar' });
  const id = settings.id ?? `${service}-${hostname()}-${port}`;
  const parts = orTypeError(() => openParts(settings, log, 'http'));
  const tracing = openTracing({ ...settings, otelServiceName: settings.otelServiceName ?? service }, log);
  const leave = new AbortController();
  const { health } = options;

  const check = (address: string): ServiceCheck => {
    if (settings.health === undefined) return { ttlSeconds: settings.ttl / 1_000 };
    const http = `http://${formatHostPort({ host: address || '127.0.0.1', port })}${settings.health}`;
    return { http, intervalSeconds: HTTP_CHECK_SECONDS, timeoutSeconds: HTTP_CHECK_SECONDS };
  };
  const announced = announce({
    client: parts.consul,
    consul: settings.consul,
    address: settings.address,
    define: address => ({ id, name: service, address, port, tags, check: check(address) }),
    probe: typeof health === 'function' ? askedProbe(health) : portProbe(port, settings.health),
    log,
    leave: leave.signal,
  });

  const leaveFor = async (drain: number): Promise<void> => {
    leave.abort();
    await (await announced)?.close();
    await sleep(drain);
    await Promise.all([parts.close(), tracing.shutdown()]);
  };
  let left: Promise<void> | undefined;
  const handle: Handle = {
    id,
    fetch: createMeshFetch({ called: parts.called, tracing, chance: Math.random }),
    close: ({ drain = settings.drain } = {}) => {
      left ??= leaveFor(drain);
      return left;
    },
  };
  if (options.handleSignals === true) beforeSignals(['SIGTERM', 'SIGINT'], () => handle.close());
  const patience = new AbortController();
  await Promise.race([
    announced.then(registration => registration?.ready),
    sleep(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => {}),
  ]);
  patience.abort();
  return handle;
};

const orTypeError = <T>(make: () => T): T => {
  try {
    return make();
  } catch (error) {
    throw error instanceof ConfigError ? new TypeError(`register: ${error.problems.join('; ')}`) : error;
  }
};

const portProbe = (port: number, path: string | undefined): Probe =>
  path === undefined ? tcpProbe(port) : httpProbe(port, path);
