import type { Redis } from 'ioredis';
import type { SourceState } from '../core/model/snapshot.ts';
import type { AllWeights, ServiceWeights, Weights } from '../core/model/split.ts';
import { type Act, type Change, type LedgerEntry, WeightsError } from '../core/model/weights.ts';
import { connectRedis, type RedisConnection } from '../redis/connection.ts';
import { defineWeightScripts, type RawChange, type WeightScripts, weightScripts } from '../redis/scripts.ts';
import type { Log } from '../telemetry/log.ts';
import { checkAct, checkChange, checkService, writeWeights } from './check.ts';
import { explainFailure } from './explain.ts';
import { judge } from './judge.ts';
import { parseEntry } from './ledger.ts';
import { toReading } from './reading.ts';
import { RedisFollower } from './redis-follower.ts';
import { refusal } from './refusal.ts';
import type { WeightStore } from './store.ts';

export interface RedisStoreOptions {
  readonly url: string;
  readonly log: Log;
  /** What is in force while Redis was never there. */
  readonly last?: LastWeights | undefined;
  /** What stands before every key and channel (default `sluice:`). */
  readonly prefix?: string;
  /** Shown by CLIENT LIST (default `sluice`). */
  readonly name?: string;
  /** Milliseconds between two looks at everything (default 2 s, a tenth more or less). */
  readonly reconcileMs?: number;
  /** Milliseconds that one command may take (default 2 s). */
  readonly commandTimeoutMs?: number;
  readonly now?: () => number;
  readonly chance?: () => number;
}

/** The weights that a process before this one had in force. */
export interface LastWeights {
  readonly weights: AllWeights;
  /** When they were last known to be live, in epoch milliseconds. */
  readonly at: number;
}

const DEFAULTS = {
  prefix: 'sluice:',
  name: 'sluice',
  reconcileMs: 2_000,
  commandTimeoutMs: 2_000,
  now: Date.now,
  chance: Math.random,
};

/**
 * Weights in Redis. The hash is the truth and a message only the hint to read it again; everything is read at
 * each (re)connection, each (re)subscription, and every two seconds, so that whatever was missed heals. While
 * Redis is away the last known stays in force.
 *
 * Connects at once, in the background; whether Redis is there is told by `ready` and `status`.
 *
 * @throws ConfigError where the URL can't be used
 */
export const openRedisStore = (options: RedisStoreOptions): WeightStore => new RedisStore(options);

class RedisStore implements WeightStore {
  readonly ready: Promise<void>;
  readonly #scripts: WeightScripts;
  readonly #connection: RedisConnection;
  readonly #follower: RedisFollower;
  readonly #lastAt: number | undefined;

  constructor(options: RedisStoreOptions) {
    const { last } = options;
    const settings = { ...DEFAULTS, ...options };
    this.#scripts = weightScripts(settings.prefix);
    this.#connection = connectRedis(settings);
    defineWeightScripts(this.#connection.client);
    this.#follower = new RedisFollower({
      ...settings,
      connection: this.#connection,
      scripts: this.#scripts,
      last: last?.weights,
    });
    this.#lastAt = last?.at;
    this.ready = new Promise(resolve => {
      this.#connection.onState(({ state }) => {
        if (state === 'up' || last !== undefined) resolve();
      });
    });
    void this.ready.then(() => {
      const { lastKnown } = this.status();
      if (lastKnown === undefined) return;
      const ageSeconds = Math.round((settings.now() - lastKnown) / 1_000);
      const redis = this.#connection.address;
      options.log.warn({ redis, ageSeconds }, 'the last known weights are in force until Redis answers');
    });
  }

  follow(services: readonly string[], deadlineMs = 2_000): Promise<void> {
    return this.#follower.follow(services, deadlineMs);
  }

  onChange(listener: (all: AllWeights) => void): () => void {
    return this.#follower.followed.onChange(listener);
  }

  current(): AllWeights {
    return this.#follower.followed.all;
  }

  status(): SourceState {
    const { state, since, detail = 'not connected yet' } = this.#connection.state();
    const { refusal, followed } = this.#follower;
    const away = state === 'up' ? refusal : { since, detail };
    if (away === undefined) return { state: 'up', since };
    const lastKnown = followed.standsIn() ? this.#lastAt : undefined;
    return { state: 'down', ...away, ...(lastKnown === undefined ? {} : { lastKnown }) };
  }

  async get(service: string): Promise<ServiceWeights> {
    checkService(service);
    const [raw] = await this.#ask('read', client => this.#scripts.read(client, [service]));
    if (raw === undefined) throw new Error('the script gave no reading');
    return judge(this.current().get(service), toReading(raw));
  }

  async set(service: string, weights: Weights, change: Change): Promise<LedgerEntry> {
    checkService(service);
    checkChange(change);
    return this.#write(service, change, describe(change), writeWeights(weights).flat());
  }

  async clear(service: string, change: Change): Promise<LedgerEntry> {
    checkService(service);
    checkChange(change);
    return this.#write(service, change, describe(change));
  }

  async freeze(service: string, act: Act): Promise<LedgerEntry> {
    checkService(service);
    checkAct(act);
    const { problem } = await this.get(service);
    if (problem !== undefined) {
      throw new WeightsError('refused', `${service}: only good weights can be frozen: ${problem}`);
    }
    return this.#write(service, act, { ...describe(act), action: 'freeze' });
  }

  async unfreeze(service: string, act: Act): Promise<LedgerEntry> {
    checkService(service);
    checkAct(act);
    return this.#write(service, act, { ...describe(act), action: 'unfreeze' });
  }

  async history(service: string, count: number): Promise<readonly LedgerEntry[]> {
    checkService(service);
    const entries = await this.#ask('read', client => this.#scripts.history(client, service, count));
    return entries.map(parseEntry).filter(entry => entry !== undefined);
  }

  async close(): Promise<void> {
    await Promise.all([this.#follower.close(), this.#connection.close()]);
  }

  async #write(
    service: string,
    act: Act,
    raw: RawChange,
    fields: readonly string[] = [],
  ): Promise<LedgerEntry> {
    const [outcome, last] = await this.#ask('write', client =>
      this.#scripts.write(client, service, fields, raw),
    );
    this.#follower.hint(service);
    const entry = parseEntry(last);
    if (outcome !== 'written') throw refusal(outcome, service, act, entry);
    if (entry === undefined) throw new Error('the script gave no entry of the ledger');
    return entry;
  }

  async #ask<T>(kind: 'read' | 'write', command: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await this.#connection.run(command);
    } catch (error) {
      throw explainFailure(error, kind, this.#scripts.prefix);
    }
  }
}

const describe = ({ actor, reason = '', source, forMs, expectRevision, fence }: Change): RawChange => ({
  ...{ actor, reason, source },
  ...(forMs === undefined ? {} : { lasting: forMs }),
  ...(expectRevision === undefined ? {} : { expect: expectRevision }),
  ...(fence === undefined ? {} : { fence }),
});
