import type { AllWeights, ServiceWeights } from '../core/model/split.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { RedisRefused } from '../redis/errors.ts';
import type { WeightScripts } from '../redis/scripts.ts';
import { type Subscriber, subscribeRedis } from '../redis/subscriber.ts';
import type { Log } from '../telemetry/log.ts';
import { explainFailure } from './explain.ts';
import { Followed } from './followed.ts';
import { judge } from './judge.ts';
import { ReadQueue } from './read-queue.ts';
import { type Reading, toReading } from './reading.ts';
import { Settling } from './settling.ts';

export interface FollowerOptions {
  readonly url: string;
  readonly log: Log;
  readonly connection: RedisConnection;
  readonly scripts: WeightScripts;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** What is in force until it is read. */
  readonly last?: AllWeights | undefined;
  readonly reconcileMs: number;
  readonly commandTimeoutMs: number;
  readonly now: () => number;
  readonly chance: () => number;
}

/** Services a read, milliseconds between two reads, and so many at once: 1,000 services take ten, a tenth of a second. */
const BATCH = 100;
const SPACING_MS = 5;
const BURST = 4;

/** Node's own limit. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Keeps what is in force for the followed services as Redis has it. */
export class RedisFollower {
  readonly followed: Followed;
  readonly #options: FollowerOptions;
  readonly #queue = new ReadQueue({
    read: names => this.#read(names),
    batch: BATCH,
    spacingMs: SPACING_MS,
    burst: BURST,
  });
  readonly #settling: Settling;
  /** Services that are read again when the time that their weights were set for is over. */
  readonly #reverts = new Map<string, NodeJS.Timeout>();
  readonly #waiting = new Set<() => void>();
  #refusal: { readonly since: number; readonly detail: string } | undefined;
  #subscriber: Subscriber | undefined;
  #reconcile: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: FollowerOptions) {
    const { log, now, chance, connection, scripts, last } = options;
    this.#options = options;
    this.followed = new Followed(log, last);
    this.#settling = new Settling({
      ...{ log, now, chance },
      settle: async service => {
        if ((await connection.run(client => scripts.settle(client, service))) === 1) this.hint(service);
      },
    });
    connection.onState(({ state }) => {
      if (state === 'up') this.#readAll();
      else this.#checkWaiting();
    });
  }

  /** Set while Redis is there but would not let us read. */
  get refusal(): { readonly since: number; readonly detail: string } | undefined {
    return this.#refusal;
  }

  /** As `WeightStore.follow`. */
  async follow(services: readonly string[], deadlineMs: number): Promise<void> {
    this.followed.follow(services, !this.#isAway());
    this.#listen();
    this.#queue.add(this.followed.unread());
    const isSettled = (): boolean => this.#closed || this.followed.unread().length === 0 || this.#isAway();
    if (isSettled()) return;
    await new Promise<void>(resolve => {
      const check = (): void => {
        if (isSettled()) settle();
      };
      const settle = (): void => {
        clearTimeout(deadline);
        this.#waiting.delete(check);
        resolve();
      };
      const deadline = setTimeout(settle, deadlineMs);
      this.#waiting.add(check);
    });
  }

  /** Something may have changed. Services that nobody follows are passed over. */
  hint(service: string): void {
    if (this.followed.names.has(service)) this.#queue.hint(service);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#reconcile);
    for (const timer of this.#reverts.values()) clearTimeout(timer);
    this.#settling.close();
    this.#queue.close();
    this.followed.close();
    this.#checkWaiting();
    await this.#subscriber?.close();
  }

  /** Whoever only reads or writes now and then, as the command line does, needs no subscription. */
  #listen(): void {
    if (this.#subscriber !== undefined || this.#closed) return;
    const { scripts, name, reconcileMs, chance } = this.#options;
    this.#subscriber = subscribeRedis({
      ...this.#options,
      prefix: scripts.prefix,
      name: `${name}-hints`,
      channel: scripts.channel,
      onMessage: service => this.hint(service),
      onSubscribed: () => this.#readAll(),
    });
    const again = (): void => {
      this.#reconcile = setTimeout(again, reconcileMs * (0.9 + chance() / 5));
      this.#readAll();
    };
    this.#reconcile = setTimeout(again, reconcileMs * chance());
  }

  #readAll(): void {
    this.#queue.add(this.followed.names);
  }

  async #read(services: readonly string[]): Promise<void> {
    const { connection, scripts } = this.#options;
    // Everything is read again as soon as Redis is back.
    if (connection.state().state !== 'up') return;
    try {
      const readings = await connection.run(client => scripts.read(client, services));
      this.#allow();
      this.#take(services, readings.map(toReading));
    } catch (error) {
      if (error instanceof RedisRefused) this.#refuse(explainFailure(error, 'read', scripts.prefix).message);
    }
    this.#checkWaiting();
  }

  #take(services: readonly string[], readings: readonly Reading[]): void {
    const news = new Map<string, ServiceWeights>();
    for (const [i, reading] of readings.entries()) {
      const service = services[i];
      if (service === undefined || !this.followed.names.has(service)) continue;
      const before = this.followed.all.get(service);
      const after = judge(before, reading);
      news.set(service, after);
      if (after.problem !== before?.problem) this.#report(service, after);
      this.#plan(service, reading.untilRevert);
      this.#settling.look(service, !reading.byHand && reading.untilRevert !== 0);
    }
    this.followed.update(news);
  }

  /** Every gateway looks when it is time, and Redis judges by its own clock: none of them is waited for. */
  #plan(service: string, untilRevert: number | undefined): void {
    clearTimeout(this.#reverts.get(service));
    this.#reverts.delete(service);
    if (untilRevert === undefined || untilRevert === 0 || this.#closed) return;
    this.#reverts.set(
      service,
      setTimeout(() => this.hint(service), Math.min(untilRevert, LONGEST_TIMER_MS)),
    );
  }

  #report(service: string, { problem, weights }: ServiceWeights): void {
    const { log, scripts } = this.#options;
    const key = scripts.key(service);
    if (problem === undefined) log.info({ service, key }, 'these weights are sound again');
    else {
      const kept = weights === undefined ? 'no weights are' : 'the last good weights stay';
      log.warn({ service, key, problem }, `what Redis has is not in force: ${kept}`);
    }
  }

  #refuse(detail: string): void {
    if (this.#refusal?.detail === detail) return;
    const { log, now, connection } = this.#options;
    this.#refusal = { since: this.#refusal?.since ?? now(), detail };
    log.warn({ redis: connection.address, detail }, "Redis doesn't let us read the weights");
  }

  #allow(): void {
    if (this.#refusal === undefined) return;
    const { log, connection } = this.#options;
    this.#refusal = undefined;
    log.info({ redis: connection.address }, 'Redis lets us read the weights again');
  }

  #isAway(): boolean {
    return this.#options.connection.state().state === 'down' || this.#refusal !== undefined;
  }

  #checkWaiting(): void {
    for (const check of [...this.#waiting]) check();
  }
}
