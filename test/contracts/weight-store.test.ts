import { after, before } from 'node:test';
import { silentLog } from '../../src/telemetry/log.ts';
import { openMemoryStore } from '../../src/weights/memory-store.ts';
import { openRedisStore } from '../../src/weights/redis-store.ts';
import { type RedisServer, startRedis } from '../support/servers.ts';
import { weightStoreContract } from './weight-store.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis({ persist: false });
});
after(() => server.stop());

weightStoreContract('memory', async () => openMemoryStore({ log: silentLog }));

let stores = 0;
weightStoreContract('Redis', async () =>
  // A prefix of its own makes it empty.
  openRedisStore({ url: server.url, log: silentLog, prefix: `test-${stores++}:` }),
);
