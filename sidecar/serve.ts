import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsulClient } from '../src/consul/client.ts';
import { formatHostPort } from '../src/core/values.ts';
import type { Log } from '../src/telemetry/log.ts';
import type { RequestObserver } from '../src/telemetry/observer.ts';
import { announce } from './announce.ts';
import type { SidecarConfig } from './config.ts';
import { createInbound } from './inbound.ts';
import { isLoopback } from './own-address.ts';
import type { Probe } from './probe.ts';

export interface ServeOptions {
  readonly config: SidecarConfig;
  readonly consul: ConsulClient;
  readonly observer: RequestObserver;
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
  const { config, address, observer, log, leave, now } = options;
  const inbound = createInbound({ ...config, address, observer, log });
  const at = await inbound.listen(config.inbound ?? defaultInbound(config.address));
  log.info({ inbound: formatHostPort(at), program: config.port }, 'requests for the program come in here');
  // Nobody answers for a program that is gone; a refused connection is what a gateway tries elsewhere for.
  const closeAtOnce = (): void => void inbound.close();
  now.addEventListener('abort', closeAtOnce);
  try {
    const registration = await announce({
      client: options.consul,
      consul: config.consul,
      address: config.address,
      define: registered => ({
        id: config.id,
        name: config.service,
        address: registered,
        port: at.port,
        tags: config.tags,
        check: { ttlSeconds: config.ttl / 1_000 },
      }),
      probe: options.probe,
      log,
      leave,
    });
    if (!leave.aborted) await once(leave, 'abort');
    await registration?.close();
    if (!now.aborted) {
      log.info({ milliseconds: config.drain }, 'serving on until every gateway has seen it');
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
