import { hostname, userInfo } from 'node:os';
import {
  entryAnswer,
  type HistoryAnswer,
  type LedgerEntryAnswer,
  type ServiceWeightsAnswer,
  type WeightsAnswer,
  type WeightsChange,
  weightsAnswer,
} from '../admin/api.ts';
import type { Config } from '../config.ts';
import type { Weights } from '../core/model/split.ts';
import type { Change } from '../core/weights.ts';
import { createLog } from '../telemetry/log.ts';
import { openRedisStore } from '../weights/redis-store.ts';
import { type AdminClient, adminClient } from './admin-client.ts';

/** The weights as the commands see them, wherever they are kept. Fails with a CliError or a WeightsError. */
export interface WeightsAccess {
  /** `redis` knows what Redis holds, and not what any gateway has in force. */
  readonly where: 'redis' | 'gateway';
  get(service: string): Promise<ServiceWeightsAnswer>;
  set(service: string, weights: Weights, reason: string | undefined): Promise<LedgerEntryAnswer>;
  clear(service: string, reason: string | undefined): Promise<LedgerEntryAnswer>;
  history(service: string, count: number): Promise<readonly LedgerEntryAnswer[]>;
  close(): Promise<void>;
}

/** In Redis itself, else through a gateway's admin API. @throws ConfigError */
export const openWeights = (config: Config, inRedis: boolean): WeightsAccess =>
  inRedis ? overRedis(config) : overAdmin(adminClient(config.admin));

const by = (reason: string | undefined): { actor: string; reason?: string } => ({
  actor: `${userInfo().username}@${hostname()}`.slice(0, 100),
  ...(reason === undefined ? {} : { reason }),
});

const overRedis = (config: Config): WeightsAccess => {
  const log = createLog({ level: 'error', name: 'sluice' });
  const store = openRedisStore({ url: config.redis, prefix: config.redisPrefix, log });
  const change = (reason: string | undefined): Change => ({ ...by(reason), source: 'cli' });
  return {
    where: 'redis',
    get: async service => weightsAnswer(await store.get(service)),
    set: async (service, weights, reason) => entryAnswer(await store.set(service, weights, change(reason))),
    clear: async (service, reason) => entryAnswer(await store.clear(service, change(reason))),
    history: async (service, count) => (await store.history(service, count)).map(entryAnswer),
    close: () => store.close(),
  };
};

const overAdmin = (admin: AdminClient): WeightsAccess => {
  const path = (service: string): string => `/api/weights/${encodeURIComponent(service)}`;
  return {
    where: 'gateway',
    get: async service => {
      const { services } = await admin.get<WeightsAnswer>('/api/weights');
      return services[service] ?? { revision: 0 };
    },
    set: (service, weights, reason) => {
      const body: WeightsChange = { weights: Object.fromEntries(weights), ...by(reason) };
      return admin.put(path(service), body);
    },
    clear: (service, reason) => admin.delete(`${path(service)}?${new URLSearchParams(by(reason))}`),
    history: async (service, count) =>
      (await admin.get<HistoryAnswer>(`${path(service)}/history?count=${count}`)).entries,
    close: async () => {},
  };
};
