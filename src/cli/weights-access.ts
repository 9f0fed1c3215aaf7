import { hostname, userInfo } from 'node:os';
import {
  entryAnswer,
  type HistoryAnswer,
  type LedgerEntryAnswer,
  type ServiceWeightsAnswer,
  type WeightsAct,
  type WeightsAnswer,
  type WeightsChange,
  weightsAnswer,
} from '../admin/weights-api.ts';
import type { Config } from '../config.ts';
import type { Weights } from '../core/model/split.ts';
import type { Act, Change } from '../core/model/weights.ts';
import { formatDuration } from '../core/values.ts';
import { createLog } from '../telemetry/log.ts';
import { openRedisStore } from '../weights/redis-store.ts';
import { type AdminClient, adminClient } from './admin-client.ts';

/** What the caller wants besides; who it is and how they came is known here. */
export type Wish = Pick<Change, 'reason' | 'expectRevision' | 'forMs'>;

/** The weights as the commands see them, wherever they are kept. Fails with a CliError or a WeightsError. */
export interface WeightsAccess {
  /** `redis` knows what Redis holds, and not what any gateway has in force. */
  readonly where: 'redis' | 'gateway';
  get(service: string): Promise<ServiceWeightsAnswer>;
  set(service: string, weights: Weights, wish: Wish): Promise<LedgerEntryAnswer>;
  clear(service: string, wish: Wish): Promise<LedgerEntryAnswer>;
  freeze(service: string, wish: Wish): Promise<LedgerEntryAnswer>;
  unfreeze(service: string, wish: Wish): Promise<LedgerEntryAnswer>;
  history(service: string, count: number): Promise<readonly LedgerEntryAnswer[]>;
  close(): Promise<void>;
}

/** In Redis itself, else through a gateway's admin API. @throws ConfigError */
export const openWeights = (config: Config, inRedis: boolean): WeightsAccess =>
  inRedis ? overRedis(config) : overAdmin(adminClient(config.admin));

const actor = (): string => `${userInfo().username}@${hostname()}`.slice(0, 100);

const overRedis = (config: Config): WeightsAccess => {
  const log = createLog({ level: 'error', name: 'sluice' });
  const store = openRedisStore({ url: config.redis, prefix: config.redisPrefix, log });
  const by = <W extends Wish>(wish: W): W & Act => ({ ...wish, actor: actor(), source: 'cli' });
  return {
    where: 'redis',
    get: async service => weightsAnswer(await store.get(service)),
    set: async (service, weights, wish) => entryAnswer(await store.set(service, weights, by(wish))),
    clear: async (service, wish) => entryAnswer(await store.clear(service, by(wish))),
    freeze: async (service, wish) => entryAnswer(await store.freeze(service, by(wish))),
    unfreeze: async (service, wish) => entryAnswer(await store.unfreeze(service, by(wish))),
    history: async (service, count) => (await store.history(service, count)).map(entryAnswer),
    close: () => store.close(),
  };
};

const overAdmin = (admin: AdminClient): WeightsAccess => {
  const path = (service: string): string => `/api/weights/${encodeURIComponent(service)}`;
  const by = ({ forMs, ...wish }: Wish): WeightsAct & { for?: string } => ({
    ...wish,
    actor: actor(),
    ...(forMs === undefined ? {} : { for: formatDuration(forMs) }),
  });
  const query = (wish: Wish): string => {
    const { expectRevision, ...texts } = by(wish);
    return new URLSearchParams({
      ...texts,
      ...(expectRevision === undefined ? {} : { expectRevision: String(expectRevision) }),
    }).toString();
  };
  return {
    where: 'gateway',
    get: async service => {
      const { services } = await admin.get<WeightsAnswer>('/api/weights');
      return services[service] ?? { revision: 0 };
    },
    set: (service, weights, wish) => {
      const body: WeightsChange = { weights: Object.fromEntries(weights), ...by(wish) };
      return admin.put(path(service), body);
    },
    clear: (service, wish) => admin.delete(`${path(service)}?${query(wish)}`),
    freeze: (service, wish) => admin.put(`${path(service)}/freeze`, by(wish)),
    unfreeze: (service, wish) => admin.delete(`${path(service)}/freeze?${query(wish)}`),
    history: async (service, count) =>
      (await admin.get<HistoryAnswer>(`${path(service)}/history?count=${count}`)).entries,
    close: async () => {},
  };
};
