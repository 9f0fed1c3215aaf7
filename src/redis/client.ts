import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import { createBackOff } from '../core/back-off.ts';
import type { RedisAddress } from './url.ts';

/** A Redis that comes back is noticed within a second. */
export const backOff = createBackOff(50, 1_000);

export interface ClientOptions {
  readonly address: RedisAddress;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** Draws from [0, 1). */
  readonly chance: () => number;
  /** How long one command may take, in milliseconds. */
  readonly commandTimeoutMs: number;
}

/**
 * An ioredis client that never makes anyone wait for a Redis that is away: a command is refused at once while
 * there is no connection, and fails when its connection breaks. It reconnects for ever. Not connected yet.
 */
export const openClient = ({ address, name, chance, commandTimeoutMs }: ClientOptions): Redis => {
  const { tls, ...target } = address;
  return new Redis({
    ...target,
    ...(tls ? { tls: isIP(address.host) === 0 ? { servername: address.host } : {} } : {}),
    connectionName: name,
    lazyConnect: true,
    enableOfflineQueue: false,
    // A script that was cut off must not be run twice; both of these are needed or its promise never settles.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // The subscriber must know when it is subscribed again, and the check needs rights on INFO.
    autoResubscribe: false,
    enableReadyCheck: false,
    commandTimeout: commandTimeoutMs,
    connectTimeout: commandTimeoutMs,
    disconnectTimeout: 200,
    keepAlive: 10_000,
    retryStrategy: attempt => backOff(attempt, chance),
  });
};

/** Begins to connect. Failures come as `error` events and are tried again; this never throws. */
export const startClient = (client: Redis): void => {
  client.connect().catch(() => {});
};

/** Ends the client for good, within about a quarter of a second whatever Redis does. Never rejects. */
export const endClient = async (client: Redis): Promise<void> => {
  const hasSocket = ['connecting', 'connect', 'ready'].includes(client.status);
  // Not `once` of node:events, which rejects at an `error`: a handshake that is cut off here emits one.
  const ended = hasSocket ? new Promise(resolve => client.once('end', resolve)) : undefined;
  client.disconnect();
  await ended;
};
