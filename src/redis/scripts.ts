import type { Redis, Result } from 'ioredis';
import type { Fence } from '../core/model/weights.ts';
import { READ, SETTLE, WRITE } from './lua.ts';

/** One look at a service: the type of its key, the fields, their number, and the same of its ledger. */
export type RawReading = readonly [
  type: string,
  /** Version, weight, version, weight …; empty where there is no hash, or one that is too large. */
  fields: readonly string[],
  size: number,
  ledgerType: string,
  /** The last entry: name, value, name, value … Empty where there is none. */
  last: readonly string[],
  /** 1 where the hash is not what the last entry says. */
  byHand: 0 | 1,
  /** Milliseconds until the weights go back, by the clock of Redis; -1 where they don't. */
  untilRevert: number,
];

/** What became of a write. `unfrozen`: there was nothing to unfreeze. */
export type WriteOutcome = 'written' | 'conflict' | 'frozen' | 'unfrozen' | 'fenced';

/** And the last entry of the ledger after it: name, value, name, value … */
export type RawOutcome = readonly [outcome: WriteOutcome, last: readonly string[]];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    sluiceRead(keyCount: number, ...keys: string[]): Result<readonly RawReading[], Context>;
    sluiceSettle(keyCount: 2, ...keysAndArguments: string[]): Result<0 | 1, Context>;
    sluiceWrite(keyCount: number, ...keysAndArguments: string[]): Result<RawOutcome, Context>;
  }
}

export interface RawChange {
  readonly actor: string;
  /** May be empty. */
  readonly reason: string;
  readonly source: string;
  /** Absent for a change of the weights. */
  readonly action?: 'freeze' | 'unfreeze';
  /** Milliseconds. */
  readonly lasting?: number;
  readonly expect?: number;
  readonly fence?: Fence;
}

/** The commands around weights; names of keys and of the channel are known here only. */
export interface WeightScripts {
  readonly prefix: string;
  readonly channel: string;
  readonly key: (service: string) => string;
  /** In the order of the services; the whole answer is of one moment. */
  readonly read: (client: Redis, services: readonly string[]) => Promise<readonly RawReading[]>;
  /** Replaces the whole hash by version, weight, version, weight …; none of these delete it. */
  readonly write: (
    client: Redis,
    service: string,
    fields: readonly string[],
    change: RawChange,
  ) => Promise<RawOutcome>;
  /** Enters what was changed by hand, and reverts what was set for a time that is over: once however many ask. */
  readonly settle: (client: Redis, service: string) => Promise<0 | 1>;
  /** The newest first. */
  readonly history: (
    client: Redis,
    service: string,
    count: number,
  ) => Promise<readonly (readonly string[])[]>;
}

/** @param prefix what stands before every key and channel, e.g. `sluice:` */
export const weightScripts = (prefix: string): WeightScripts => {
  const channel = `${prefix}weights`;
  const key = (service: string): string => `${prefix}weights:${service}`;
  const ledger = (service: string): string => `${prefix}ledger:${service}`;
  return {
    prefix,
    channel,
    key,
    read: (client, services) =>
      client.sluiceRead(services.length * 2, ...services.flatMap(name => [key(name), ledger(name)])),
    write: (client, service, fields, { fence, ...change }) => {
      const keys = [key(service), ledger(service), ...(fence === undefined ? [] : [fence.key])];
      const described = JSON.stringify({ ...change, fence: fence?.token });
      return client.sluiceWrite(keys.length, ...keys, channel, service, described, ...fields);
    },
    settle: (client, service) => client.sluiceSettle(2, key(service), ledger(service), channel, service),
    history: async (client, service, count) => {
      const entries = await client.xrevrange(ledger(service), '+', '-', 'COUNT', count);
      return entries.map(([, fields]) => fields);
    },
  };
};

/** Teaches a client the scripts. Redis keeps them by their hash; one that forgot them is told again. */
export const defineWeightScripts = (client: Redis): void => {
  client.defineCommand('sluiceRead', { lua: READ });
  client.defineCommand('sluiceSettle', { lua: SETTLE });
  client.defineCommand('sluiceWrite', { lua: WRITE });
};
