import { hostname, userInfo } from 'node:os';
import type {
  HistoryAnswer,
  LedgerEntryAnswer,
  ServiceWeightsAnswer,
  WeightsAnswer,
  WeightsChange,
} from '../admin/api.ts';
import type { Config } from '../config.ts';
import type { ServiceWeights, Weights } from '../core/model.ts';
import { createLog } from '../telemetry/log.ts';
import type { LedgerEntry } from '../weights/ledger.ts';
import { openRedisStore } from '../weights/redis-store.ts';
import { type WeightStore, WeightsError } from '../weights/store.ts';
import { type AdminClient, adminClient } from './admin-client.ts';
import { CliError } from './errors.ts';

/** The weights as the commands see them, wherever they are kept. Failures are CliErrors. */
export interface WeightsAccess {
  /** For messages: `redis` or the gateway's address. */
  readonly where: string;
  get(service: string): Promise<ServiceWeightsAnswer>;
  set(service: string, weights: Weights, reason: string | undefined): Promise<LedgerEntryAnswer>;
  clear(service: string, reason: string | undefined): Promise<LedgerEntryAnswer>;
  history(service: string, count: number): Promise<readonly LedgerEntryAnswer[]>;
  close(): Promise<void>;
}

/** Redis where one is given or configured, else the gateway's admin API. */
export const openWeights = (config: Config, redisIsConfigured: boolean): WeightsAccess =>
  redisIsConfigured && config.redis !== 'off' ? overRedis(config) : overAdmin(adminClient(config.admin));

const actor = (): string => `${userInfo().username}@${hostname()}`.slice(0, 100);

const withReason = (reason: string | undefined): { reason?: string } =>
  reason === undefined ? {} : { reason };

const overRedis = (config: Config): WeightsAccess => {
  const log = createLog({ level: 'error', name: 'sluice' });
  const store: WeightStore = openRedisStore({ url: config.redis, prefix: config.redisPrefix, log });
  const change = (reason: string | undefined) => ({
    actor: actor(),
    source: 'cli' as const,
    ...withReason(reason),
  });
  return {
    where: 'redis',
    get: service => orExplain(store.get(service)).then(toWeightsAnswer),
    set: (service, weights, reason) =>
      orExplain(store.set(service, weights, change(reason))).then(toEntryAnswer),
    clear: (service, reason) => orExplain(store.clear(service, change(reason))).then(toEntryAnswer),
    history: (service, count) =>
      orExplain(store.history(service, count)).then(list => list.map(toEntryAnswer)),
    close: () => store.close(),
  };
};

const orExplain = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw error instanceof WeightsError ? new CliError(error.message) : error;
  });

const toWeightsAnswer = ({ weights, revision, problem }: ServiceWeights): ServiceWeightsAnswer => ({
  ...(weights === undefined ? {} : { weights: Object.fromEntries(weights) }),
  revision,
  ...(problem === undefined ? {} : { problem }),
});

const toEntryAnswer = ({ at, ...entry }: LedgerEntry): LedgerEntryAnswer => ({
  ...entry,
  at: new Date(at).toISOString(),
});

const overAdmin = (admin: AdminClient): WeightsAccess => {
  const path = (service: string): string => `/api/weights/${encodeURIComponent(service)}`;
  return {
    where: admin.address,
    get: async service => {
      const { services } = await admin.get<WeightsAnswer>('/api/weights');
      return services[service] ?? { revision: 0 };
    },
    set: (service, weights, reason) => {
      const body: WeightsChange = {
        weights: Object.fromEntries(weights),
        actor: actor(),
        ...withReason(reason),
      };
      return admin.put(path(service), body);
    },
    clear: (service, reason) => {
      const query = new URLSearchParams({ actor: actor(), ...withReason(reason) });
      return admin.delete(`${path(service)}?${query}`);
    },
    history: async (service, count) =>
      (await admin.get<HistoryAnswer>(`${path(service)}/history?count=${count}`)).entries,
    close: async () => {},
  };
};
