import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsulClient } from '../src/consul/client.ts';
import { formatHostPort } from '../src/core/values.ts';
import type { HttpProxy } from '../src/proxy/server.ts';
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
  /** Aborted when the program has ended by itself. */
  readonly ended: AbortSignal;
  /** Aborted when nobody is to be waited for. */
  readonly hurry: AbortSignal;
}

/** Milliseconds for callers on open connections to hear that the program is gone. */
const FAREWELL = 2_000;

/**
 * Serves and is registered until it is time to leave; then is deregistered first, goes on serving until every
 * gateway has seen it, and resolves when the requests under way are done.
 *
 * @throws ListenError
 */
export const serve = async (options: ServeOptions): Promise<void> => {
  const { config, address, observer, log, leave, ended, hurry } = options;
  const inbound = createInbound({ ...config, address, observer, log });
  const at = await inbound.listen(config.inbound ?? defaultInbound(config.address));
  log.info({ inbound: formatHostPort(at), program: config.port }, 'requests for the program come in here');
  let drained: ReturnType<HttpProxy['drain']> | undefined;
  const drain = (deadline: number): ReturnType<HttpProxy['drain']> => {
    drained ??= inbound.drain(deadline);
    return drained;
  };
  // When the program is gone, a gateway tries elsewhere: new connections are refused, and what comes on open ones is
  // answered with what has failed. Cut off, it would have to guess what the program got.
  const onEnded = (): void => void drain(FAREWELL);
  const onHurry = (): void => void inbound.close();
  ended.addEventListener('abort', onEnded);
  hurry.addEventListener('abort', onHurry);
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
    const now = AbortSignal.any([ended, hurry]);
    if (!now.aborted) {
      log.info({ milliseconds: config.drain }, 'serving on until every gateway has seen it');
      await sleep(config.drain, undefined, { signal: now }).catch(() => {});
    }
    const { cut } = await drain(config.stopTimeout);
    if (cut > 0) log.warn({ cut }, 'cut requests that did not end in time');
  } finally {
    ended.removeEventListener('abort', onEnded);
    hurry.removeEventListener('abort', onHurry);
    await inbound.close();
  }
};

const defaultInbound = (registered = ''): { host: string; port: number } => ({
  host: isLoopback(registered) ? '127.0.0.1' : '',
  port: 0,
});
