import type { Redis } from 'ioredis';
import type { Log } from '../telemetry/log.ts';
import { backOff, endClient, openClient, startClient } from './client.ts';
import { describeFailure, isReplyError, RedisRefused, RedisUnavailable } from './errors.ts';
import { parseRedisUrl, redactRedisUrl } from './url.ts';

export interface ConnectOptions {
  readonly url: string;
  /** What our keys begin with (default none): a cluster needs a hash tag in it. */
  readonly prefix?: string;
  readonly log: Log;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** How long one command may take (default 2 s), and how long one waits for a connection, in milliseconds. */
  readonly commandTimeoutMs?: number;
  readonly now?: () => number;
  readonly chance?: () => number;
}

export interface RedisState {
  /** `up`: it answered a PING on this connection; `connecting`: nothing is known yet. */
  readonly state: 'connecting' | 'up' | 'down';
  /** Epoch milliseconds. */
  readonly since: number;
  /** Why it is down. */
  readonly detail?: string;
}

export interface RedisConnection {
  readonly client: Redis;
  /** Without password. */
  readonly address: string;
  readonly state: () => RedisState;
  /** Called at every change of state, never from within `connectRedis`. */
  readonly onState: (listener: (state: RedisState) => void) => void;
  /**
   * Runs one command, waiting a moment for the connection where there is none yet.
   *
   * @throws RedisUnavailable or RedisRefused
   */
  readonly run: <T>(command: (client: Redis) => Promise<T>) => Promise<T>;
  /** Bounded, whatever Redis does. Commands under way or waiting fail. */
  readonly close: () => Promise<void>;
}

/** What a server answers that has lost its keys to another: not carried out. */
const MOVED = /MOVED|READONLY/;

/**
 * A connection for commands. Returns at once, Redis there or not, and reconnects for ever.
 *
 * @throws ConfigError where the URL can't be used
 */
export const connectRedis = ({
  url,
  prefix = '',
  log,
  name,
  commandTimeoutMs = 2_000,
  now = Date.now,
  chance = Math.random,
}: ConnectOptions): RedisConnection => {
  const target = parseRedisUrl(url);
  const address = redactRedisUrl(target);
  const client = openClient({ target, prefix, name, chance, commandTimeoutMs });
  const listeners = new Set<(state: RedisState) => void>();
  let state: RedisState = { state: 'connecting', since: now() };
  let greeting: NodeJS.Timeout | undefined;
  let lastFailure: string | undefined;
  let closed = false;

  const enter = (next: 'up' | 'down', detail?: string): void => {
    if (closed || (state.state === next && state.detail === detail)) return;
    const since = state.state === next ? state.since : now();
    state = { state: next, since, ...(detail === undefined ? {} : { detail }) };
    if (next === 'up') log.info({ redis: address }, 'Redis is connected');
    else log.warn({ redis: address, detail }, 'Redis is away, trying again');
    tell();
  };

  const tell = (): void => {
    for (const listener of [...listeners]) listener(state);
  };

  const describe = (error: unknown): string => describeFailure(error, target.password);

  // A server that still loads its data, or wants a password that we were not given, lets us connect.
  const greet = async (attempt: number): Promise<void> => {
    try {
      await client.ping();
      enter('up');
    } catch (error) {
      if (closed) return;
      if (!isReplyError(error)) return reset(error);
      enter('down', describe(error));
      greeting = setTimeout(() => void greet(attempt + 1), backOff(attempt, chance));
    }
  };

  // A half-open connection would swallow commands for as long as TCP allows.
  const reset = (error: unknown): void => {
    if (client.status !== 'ready') return;
    lastFailure ??= describe(error);
    client.disconnect(true);
    enter('down', lastFailure);
  };

  client.on('error', error => {
    lastFailure = describe(error);
  });
  client.on('ready', () => {
    lastFailure = undefined;
    void greet(1);
  });
  client.on('close', () => {
    clearTimeout(greeting);
    enter('down', lastFailure ?? 'the connection was closed');
  });
  startClient(client);

  const untilUp = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(deadline);
        listeners.delete(listener);
        if (state.state === 'up') resolve();
        else
          reject(new RedisUnavailable(`Redis at ${address} is away: ${state.detail ?? 'no answer'}`, false));
      };
      const listener = (): void => {
        if (closed || state.state === 'up') settle();
      };
      const deadline = setTimeout(settle, commandTimeoutMs);
      listeners.add(listener);
      listener();
    });

  return {
    client,
    address,
    state: () => state,
    onState: listener => {
      listeners.add(listener);
    },
    run: async command => {
      await untilUp();
      try {
        return await command(client);
      } catch (error) {
        if (isReplyError(error)) {
          const detail = describe(error);
          if (target.mode === 'single' || !MOVED.test(detail)) throw new RedisRefused(detail);
          // The next connection asks again who it is.
          reset(error);
          throw new RedisUnavailable(`Redis at ${address} is another server now: ${detail}`, false);
        }
        reset(error);
        throw new RedisUnavailable(`Redis at ${address} did not answer: ${describe(error)}`, true);
      }
    },
    close: async () => {
      closed = true;
      clearTimeout(greeting);
      state = { state: 'down', since: now(), detail: 'closed' };
      tell();
      await endClient(client);
    },
  };
};
