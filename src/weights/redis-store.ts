import type { Redis } from 'ioredis';
import type { AllWeights, ServiceWeights, Weights } from '../core/model.ts';
import { connectRedis, type RedisConnection } from '../redis/connection.ts';
import { RedisRefused } from '../redis/errors.ts';
import { defineWeightScripts, type WeightScripts, weightScripts } from '../redis/scripts.ts';
import { type Subscriber, subscribeRedis } from '../redis/subscriber.ts';
import type { Log } from '../telemetry/log.ts';
import { checkChange, checkService, writeWeights } from './check.ts';
import { explainFailure } from './explain.ts';
import { Followed } from './followed.ts';
import { judge } from './judge.ts';
import { type LedgerEntry, parseEntry } from './ledger.ts';
import { HandNotes } from './notes.ts';
import { ReadQueue } from './read-queue.ts';
import { type Reading, toReading } from './reading.ts';
import type { Change, StoreStatus, WeightStore } from './store.ts';

export interface RedisStoreOptions {
  readonly url: string;
  readonly log: Log;
  /** What stands before every key and channel (default `sluice:`). */
  readonly prefix?: string;
  /** Shown by CLIENT LIST (default `sluice`). */
  readonly name?: string;
  /** Milliseconds between two looks at everything (default 2 s, a tenth more or less). */
  readonly reconcileMs?: number;
  readonly commandTimeoutMs?: number;
  readonly now?: () => number;
  readonly chance?: () => number;
}

/** Services a read, and milliseconds between two reads: 1,000 services take ten reads, a tenth of a second. */
const BATCH = 100;
const SPACING_MS = 5;

/**
 * Weights in Redis. The hash is the truth and a message only the hint to read it again; everything is read at
 * each (re)connection, each (re)subscription, and every two seconds, so that whatever was missed heals. While
 * Redis is away the last known stays in force.
 *
 * Connects at once, in the background.
 *
 * @throws Error where the URL can't be used
 */
export const openRedisStore = (options: RedisStoreOptions): WeightStore => new RedisStore(options);

class RedisStore implements WeightStore {
  readonly ready: Promise<void>;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #prefix: string;
  readonly #scripts: WeightScripts;
  readonly #connection: RedisConnection;
  readonly #subscriber: Subscriber;
  readonly #followed: Followed;
  readonly #notes: HandNotes;
  readonly #queue = new ReadQueue({ read: names => this.#read(names), batch: BATCH, spacingMs: SPACING_MS });
  readonly #waiting = new Set<() => void>();
  /** Redis is there but would not let us read. */
  #refusal: { readonly since: number; readonly detail: string } | undefined;
  #reconcile: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RedisStoreOptions) {
    const { url, log, prefix = 'sluice:', name = 'sluice', now = Date.now, chance = Math.random } = options;
    const { reconcileMs = 2_000, commandTimeoutMs = 2_000 } = options;
    this.#log = log;
    this.#now = now;
    this.#prefix = prefix;
    this.#scripts = weightScripts(prefix);
    this.#followed = new Followed(log);
    this.#connection = connectRedis({ url, log, name, commandTimeoutMs, now, chance });
    defineWeightScripts(this.#connection.client);
    this.#notes = new HandNotes({
      log,
      now,
      note: async service => {
        await this.#connection.run(client => this.#scripts.note(client, service));
        this.#hint(service);
      },
    });
    this.#subscriber = subscribeRedis({
      url,
      log,
      name: `${name}-hints`,
      channel: this.#scripts.channel,
      onMessage: service => this.#hint(service),
      onSubscribed: () => this.#readAll(),
      commandTimeoutMs,
      chance,
    });
    this.ready = new Promise(resolve => {
      this.#connection.onState(({ state }) => {
        if (state === 'up') {
          resolve();
          this.#readAll();
        } else this.#checkWaiting();
      });
    });
    const again = (): void => {
      this.#reconcile = setTimeout(again, reconcileMs * (0.9 + chance() / 5));
      this.#readAll();
    };
    this.#reconcile = setTimeout(again, reconcileMs * chance());
  }

  async follow(services: readonly string[], deadlineMs = 2_000): Promise<void> {
    this.#followed.follow(services);
    const unread = (): string[] => [...this.#followed.names].filter(name => !this.#followed.all.has(name));
    this.#queue.add(unread());
    if (unread().length === 0 || this.#connection.state().state === 'down') return;
    await new Promise<void>(resolve => {
      const settle = (): void => {
        clearTimeout(deadline);
        this.#waiting.delete(check);
        resolve();
      };
      const check = (): void => {
        if (this.#closed || unread().length === 0 || this.status().state === 'down') settle();
      };
      const deadline = setTimeout(settle, deadlineMs);
      this.#waiting.add(check);
    });
  }

  onChange(listener: (all: AllWeights) => void): () => void {
    return this.#followed.onChange(listener);
  }

  current(): AllWeights {
    return this.#followed.all;
  }

  status(): StoreStatus {
    const { state, since, detail = 'not connected yet' } = this.#connection.state();
    if (state !== 'up') return { state: 'down', since, detail };
    return this.#refusal === undefined ? { state: 'up', since } : { state: 'down', ...this.#refusal };
  }

  async get(service: string): Promise<ServiceWeights> {
    checkService(service);
    const readings = await this.#ask('read', client => this.#scripts.read(client, [service]));
    const known = this.#followed.all.get(service);
    return readings.map(raw => judge(known, toReading(raw)))[0] ?? { revision: 0 };
  }

  set(service: string, weights: Weights, change: Change): Promise<LedgerEntry> {
    return this.#write(service, () => writeWeights(weights).flat(), change);
  }

  clear(service: string, change: Change): Promise<LedgerEntry> {
    return this.#write(service, () => [], change);
  }

  async history(service: string, count: number): Promise<readonly LedgerEntry[]> {
    checkService(service);
    const entries = await this.#ask('read', client => this.#scripts.history(client, service, count));
    return entries.map(parseEntry).filter(entry => entry !== undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#reconcile);
    this.#queue.close();
    this.#followed.close();
    this.#checkWaiting();
    await Promise.all([this.#connection.close(), this.#subscriber.close()]);
  }

  async #write(service: string, fields: () => string[], change: Change): Promise<LedgerEntry> {
    checkService(service);
    checkChange(change);
    const given = fields();
    const raw = { ...change, reason: change.reason ?? '' };
    const entry = parseEntry(
      await this.#ask('write', client => this.#scripts.write(client, service, given, raw)),
    );
    if (entry === undefined) throw new Error('the script gave no entry of the ledger');
    this.#hint(service);
    return entry;
  }

  async #ask<T>(kind: 'read' | 'write', command: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await this.#connection.run(command);
    } catch (error) {
      throw explainFailure(error, kind, this.#prefix);
    }
  }

  #hint(service: string): void {
    if (this.#followed.names.has(service)) this.#queue.hint(service);
  }

  #readAll(): void {
    this.#queue.add(this.#followed.names);
  }

  async #read(services: readonly string[]): Promise<void> {
    // Everything is read again as soon as Redis is back.
    if (this.#connection.state().state !== 'up') return;
    try {
      const readings = await this.#connection.run(client => this.#scripts.read(client, services));
      if (this.#refusal !== undefined)
        this.#log.info({ redis: this.#connection.address }, 'Redis lets us read again');
      this.#refusal = undefined;
      this.#take(services, readings.map(toReading));
    } catch (error) {
      if (error instanceof RedisRefused) this.#refuse(error.message);
    }
    this.#checkWaiting();
  }

  #refuse(detail: string): void {
    if (this.#refusal?.detail === detail) return;
    this.#refusal = { since: this.#refusal?.since ?? this.#now(), detail };
    this.#log.warn({ redis: this.#connection.address, detail }, 'Redis does not let us read the weights');
  }

  #take(services: readonly string[], readings: readonly Reading[]): void {
    const news = new Map<string, ServiceWeights>();
    for (const [i, reading] of readings.entries()) {
      const service = services[i];
      if (service === undefined || !this.#followed.names.has(service)) continue;
      const before = this.#followed.all.get(service);
      const after = judge(before, reading);
      news.set(service, after);
      if (after.problem !== before?.problem) this.#report(service, after);
      if (reading.byHand) void this.#notes.enter(service);
    }
    this.#followed.update(news);
  }

  #report(service: string, { problem }: ServiceWeights): void {
    const key = this.#scripts.key(service);
    if (problem === undefined) this.#log.info({ service, key }, 'The weights are sound again');
    else this.#log.warn({ service, key, problem }, 'The weights in Redis are not in force');
  }

  #checkWaiting(): void {
    for (const check of [...this.#waiting]) check();
  }
}
