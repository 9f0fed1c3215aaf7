import { hostname, userInfo } from 'node:os';
import { nanoid } from 'nanoid';
import type { CanariesAnswer, CanaryAnswer } from '../admin/canaries-api.ts';
import type { By, CommandName } from '../canary/commands.ts';
import { openDesk } from '../canary/desk.ts';
import type { Plan } from '../canary/plan.ts';
import { openRedisBoard } from '../canary/redis-board.ts';
import type { Config } from '../config.ts';
import { settingKey } from '../core/settings/settings.ts';
import { formatDuration } from '../core/values.ts';
import { adminClient } from './admin-client.ts';

/** Rollouts as the commands see them: in Redis itself, or through a gateway's admin API. */
export interface CanaryAccess {
  /** The newest of each service. */
  list(): Promise<readonly CanaryAnswer[]>;
  /** Undefined where there was never one. */
  get(service: string): Promise<CanaryAnswer | undefined>;
  start(service: string, plan: Plan, by: By): Promise<CanaryAnswer>;
  command(service: string, command: CommandName, by: By): Promise<CanaryAnswer>;
  close(): Promise<void>;
}

/** @throws ConfigError */
export const openCanaries = (config: Config, inRedis: boolean): CanaryAccess =>
  inRedis ? overRedis(config) : overAdmin(config);

/** Who types. */
export const actor = (): string => `${userInfo().username}@${hostname()}`.slice(0, 100);

const overRedis = ({ redis, redisPrefix }: Config): CanaryAccess => {
  const board = openRedisBoard({ url: redis, prefix: redisPrefix, id: nanoid() });
  return { ...openDesk(board), close: board.close };
};

const overAdmin = ({ admin: address }: Config): CanaryAccess => {
  const admin = adminClient(address);
  const path = (service: string): string => `/api/canaries/${encodeURIComponent(service)}`;
  const list = async (): Promise<readonly CanaryAnswer[]> =>
    (await admin.get<CanariesAnswer>('/api/canaries')).canaries;
  return {
    list,
    get: async service => (await list()).find(canary => canary.service === service),
    start: (service, { every, steps, mirror, ...rest }, by) => {
      const plan = {
        ...rest,
        steps: steps.filter(step => step > 0),
        ...(mirror === undefined ? {} : { mirror }),
      };
      const said = Object.entries({ ...plan, every: formatDuration(every) }).map(
        ([name, value]) => [settingKey(name), value] as const,
      );
      return admin.put(path(service), { ...Object.fromEntries(said), ...by });
    },
    command: (service, command, by) => admin.put(`${path(service)}/${command}`, by),
    close: async () => {},
  };
};
