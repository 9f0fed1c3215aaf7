import type { Redis, Result } from 'ioredis';
import { type Authority, MOST_OWED, type News, newsFrom, type Telling } from '../core/limit/authority.ts';
import { connectRedis, type RedisConnection } from '../redis/connection.ts';
import { RedisUnavailable } from '../redis/errors.ts';
import { type Subscriber, subscribeRedis } from '../redis/subscriber.ts';
import { silentLog } from '../telemetry/log.ts';
import { ENTER } from './lua.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    sluiceEnter(keyCount: number, ...keysAndArguments: string[]): Result<readonly string[], Context>;
  }
}

/** Redis, which counts for all gateways. */
export interface RedisAuthority extends Authority {
  /** Connects, once there is something to count. */
  open(): void;
  close(): Promise<void>;
}

export interface RedisAuthorityOptions {
  readonly url: string;
  readonly prefix: string;
  readonly onNews: (news: readonly News[]) => void;
}

/** Longer than that Redis is taken for away, in milliseconds: what all let pass meanwhile would have to be paid back. */
const ANSWERS_WITHIN = 500;

/** Accounts are the keys `PREFIXlimit:NAME`, and the channel of news is `PREFIXlimits`. */
export const createRedisAuthority = ({ url, prefix, onNews }: RedisAuthorityOptions): RedisAuthority => {
  const keyPrefix = `${prefix}limit:`;
  const channel = `${prefix}limits`;
  let connection: RedisConnection | undefined;
  let subscriber: Subscriber | undefined;

  const open = (): void => {
    if (connection !== undefined) return;
    // Whoever tells says when it is away.
    const options = { url, prefix, log: silentLog, commandTimeoutMs: ANSWERS_WITHIN };
    connection = connectRedis({ ...options, name: 'sluice-limits' });
    connection.client.defineCommand('sluiceEnter', { lua: ENTER });
    subscriber = subscribeRedis({
      ...{ ...options, name: 'sluice-limits-news', channel },
      onMessage: message => onNews(readNews(message, keyPrefix)),
      // What was missed is learned with the next telling.
      onSubscribed: () => {},
    });
  };

  const enter = (client: Redis, tellings: readonly Telling[]): Promise<readonly string[]> =>
    client.sluiceEnter(
      tellings.length,
      ...tellings.map(({ name }) => `${keyPrefix}${name}`),
      channel,
      ...tellings.flatMap(argumentsOf),
    );

  return {
    open,
    tell: async tellings => {
      const state = connection?.state();
      // Nobody waits for a connection either.
      if (connection === undefined || state?.state !== 'up')
        throw new RedisUnavailable(state?.detail ?? 'not connected', false);
      return (await connection.run(client => enter(client, tellings))).map(Number);
    },
    close: async () => {
      await Promise.all([subscriber?.close(), connection?.close()]);
    },
  };
};

const argumentsOf = (telling: Telling): string[] => {
  const { interval, depth, debits, atLeast } = telling;
  return [interval, debits, atLeast, depth * MOST_OWED, newsFrom(telling) ?? -1].map(String);
};

/** Anybody may publish: what is no news is passed over. */
const readNews = (message: string, keyPrefix: string): News[] => {
  try {
    const list = JSON.parse(message) as readonly (readonly [key: string, owed: string])[];
    return list
      .map(([key, owed]) => ({ name: key.slice(keyPrefix.length), owed: Number(owed) }))
      .filter(({ owed }) => owed > 0 && owed < Number.POSITIVE_INFINITY);
  } catch {
    return [];
  }
};
