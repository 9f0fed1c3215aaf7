import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { Redis } from 'ioredis';
import { createBackOff } from '../core/retry/back-off.ts';
import { ConfigError } from '../core/settings/settings.ts';
import { locatingConnector, serverName } from './connector.ts';
import { hashTag, slotOf } from './slot.ts';
import type { RedisTarget, RedisTls } from './url.ts';

/** A Redis that comes back is noticed within a second. */
export const backOff = createBackOff(50, 1_000);

export interface ClientOptions {
  readonly target: RedisTarget;
  /** What our keys begin with: on a cluster its hash tag says which node has them. */
  readonly prefix: string;
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
 *
 * @throws ConfigError for a file of certificates that can't be read, or a prefix that is none for a cluster
 */
export const openClient = ({ target, prefix, name, chance, commandTimeoutMs }: ClientOptions): Redis => {
  const { mode, nodes, db, username, password } = target;
  if (mode === 'cluster' && hashTag(prefix) === undefined) {
    throw new ConfigError([
      `on a Redis Cluster the prefix of the keys must have a hash tag, so that they are on one node: --redis-prefix "{sluice}:"`,
    ]);
  }
  const tls = target.tls === undefined ? undefined : readTls(target.tls);
  return new Redis({
    ...nodes[0],
    ...(mode === 'single' ? {} : { Connector: locatingConnector({ target, slot: slotOf(prefix), tls }) }),
    ...(tls === undefined ? {} : { tls: serverName(nodes[0], tls) }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    db,
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

const readTls = ({ cacert, cert, key, sni }: RedisTls): ConnectionOptions => ({
  ...(cacert === undefined ? {} : { ca: readPem(cacert) }),
  ...(cert === undefined ? {} : { cert: readPem(cert) }),
  ...(key === undefined ? {} : { key: readPem(key) }),
  ...(sni === undefined ? {} : { servername: sni }),
});

const readPem = (file: string): Buffer => {
  try {
    return readFileSync(file);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`a file that the Redis URL names can't be read: ${detail}`]);
  }
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
