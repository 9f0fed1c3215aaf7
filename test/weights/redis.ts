import { after, before, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { silentLog } from '../../src/telemetry/log.ts';
import { openRedisStore, type RedisStoreOptions } from '../../src/weights/redis-store.ts';
import type { WeightStore } from '../../src/weights/store.ts';
import { type RedisServer, startRedis } from '../support/servers.ts';

/** One Redis for a file of tests; each test has a prefix of its own there. */
export interface SharedRedis {
  readonly server: RedisServer;
  /** Somebody's redis-cli. */
  readonly cli: Redis;
  newPrefix(): string;
  /** A store, closed with its test; it looks at everything ten times a second unless said. */
  open(t: TestContext, options?: Partial<RedisStoreOptions>): WeightStore;
}

/** To be called once, where the tests of a file are declared. */
export const shareRedis = (): SharedRedis => {
  let running: { readonly server: RedisServer; readonly cli: Redis } | undefined;
  let prefixes = 0;
  before(async () => {
    const server = await startRedis({ persist: false });
    running = { server, cli: new Redis(server.url) };
  });
  after(async () => {
    running?.cli.disconnect();
    await running?.server.stop();
  });
  const whenRunning = () => {
    if (running === undefined) throw new Error('Redis runs while tests do');
    return running;
  };
  return {
    get server() {
      return whenRunning().server;
    },
    get cli() {
      return whenRunning().cli;
    },
    newPrefix: () => `t${prefixes++}:`,
    open: (t, given = {}) => {
      const { url } = whenRunning().server;
      const store = openRedisStore({ url, log: silentLog, reconcileMs: 100, ...given });
      t.after(() => store.close());
      return store;
    },
  };
};
