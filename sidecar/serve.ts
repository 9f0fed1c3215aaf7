import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckStatus } from '../src/consul/client.ts';
import { keepRegistered, type Registration } from '../src/consul/register.ts';
import { formatHostPort } from '../src/core/values.ts';
import type { Log } from '../src/telemetry/log.ts';
import type { SidecarConfig } from './config.ts';
import { createInbound } from './inbound.ts';
import { isLoopback, ownAddress } from './own-address.ts';
import type { Parts } from './parts.ts';
import { type Probe, watchHealth } from './probe.ts';

export interface ServeOptions {
  readonly config: SidecarConfig;
  readonly parts: Pick<Parts, 'consul' | 'telemetry'>;
  readonly probe: Probe;
  /** Where the program listens. */
  readonly address: string;
  readonly log: Log;
  /** Aborted when it is time to leave. */
  readonly leave: AbortSignal;
  /** Aborted when there is nobody to wait for any more: the program has ended, or somebody is in a hurry. */
  readonly now: AbortSignal;
}

/**
 * Serves and is registered until it is time to leave; then is deregistered first, goes on serving until every
 * gateway has seen it, and resolves when the requests under way are done.
 *
 * @throws ListenError
 */
export const serve = async (options: ServeOptions): Promise<void> => {
  const { config, parts, address, log, leave, now } = options;
  const observer = parts.telemetry.observer('sidecar-inbound');
  const inbound = createInbound({ ...config, address, observer, log });
  const at = await inbound.listen(config.inbound ?? defaultInbound(config.address));
  log.info({ inbound: formatHostPort(at), program: config.port }, 'requests for the program come in here');
  // Nobody answers for a program that is gone; a refused connection is what a gateway tries elsewhere for.
  const closeAtOnce = (): void => void inbound.close();
  now.addEventListener('abort', closeAtOnce);
  try {
    const registration = await register(options, at.port);
    if (!leave.aborted) await once(leave, 'abort');
    await registration?.close();
    if (!now.aborted) {
      log.info({ milliseconds: config.drain }, 'deregistered; serving on until every gateway has seen it');
      await sleep(config.drain, undefined, { signal: now }).catch(() => {});
    }
    const { cut } = await inbound.drain(now.aborted ? 0 : config.stopTimeout);
    if (cut > 0) log.warn({ cut }, 'cut requests that did not end in time');
  } finally {
    now.removeEventListener('abort', closeAtOnce);
    await inbound.close();
  }
};

const defaultInbound = (registered = ''): { host: string; port: number } => ({
  host: isLoopback(registered) ? '127.0.0.1' : '',
  port: 0,
});

const LOOK_EVERY_MS = 1_000;

/** @returns undefined where it was time to leave before there was an address to register */
const register = async (options: ServeOptions, port: number): Promise<Registration | undefined> => {
  const { config, parts, probe, log, leave } = options;
  const address = config.address ?? (await findAddress(config.consul, log, leave));
  if (address === undefined || leave.aborted) return undefined;
  let status: CheckStatus = 'passing';
  const registration = keepRegistered({
    client: parts.consul,
    definition: {
      id: config.id,
      name: config.service,
      address,
      port,
      tags: config.tags,
      check: { ttlSeconds: config.ttl / 1_000 },
    },
    health: () => status,
    log,
  });
  void watchHealth({
    probe,
    every: LOOK_EVERY_MS,
    signal: leave,
    onChange: finding => {
      const before = status;
      status = finding.well ? 'passing' : 'critical';
      if (status === before) return;
      registration.healthChanged();
      if (finding.well) log.info('the program is well again');
      else log.warn({ reason: finding.reason }, 'the program is not well');
    },
  });
  return registration;
};

/** Asks until the agent's name is known to the resolver. */
const findAddress = async (consul: string, log: Log, leave: AbortSignal): Promise<string | undefined> => {
  for (let tries = 0; !leave.aborted; tries++) {
    try {
      return await ownAddress(consul);
    } catch (err) {
      if (tries === 0)
        log.warn({ consul, err }, 'there is no way to Consul yet; trying on (or give --address)');
      await sleep(LOOK_EVERY_MS, undefined, { signal: leave }).catch(() => {});
    }
  }
  return undefined;
};
