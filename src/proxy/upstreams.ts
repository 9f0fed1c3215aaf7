import type { Instance } from '../core/model/instance.ts';
import type { Limits, Timeouts } from './options.ts';
import type { Outbox } from './outbox.ts';
import { type ConnectionOwner, type UpstreamCall, UpstreamConnection } from './upstream/connection.ts';

/** An idle connection is dropped before a server with Node's default of 5 s can drop it under a request. */
const KEPT_FOR = 4_000;
/** What is taken off the time that an instance names itself: a request may be on its way when it is over. */
const KEPT_SHORTER = 1_000;
const KEPT_AT_MOST = 10 * 60_000;

const SWEEP_EVERY = 1_000;

/** The connections to one instance. */
export class Upstream implements ConnectionOwner {
  readonly #instance: Instance;
  readonly #timeouts: Timeouts;
  readonly #outbox: Outbox;
  readonly #all = new Set<UpstreamConnection>();
  /** The one that was used last is taken first, so that the others may grow old. */
  readonly #idle: UpstreamConnection[] = [];
  #isReleased = false;

  constructor(instance: Instance, timeouts: Timeouts, outbox: Outbox) {
    this.#instance = instance;
    this.#timeouts = timeouts;
    this.#outbox = outbox;
  }

  /** Connections that are idle, busy or being made. */
  get size(): number {
    return this.#all.size;
  }

  get hasIdle(): boolean {
    return this.#idle.length > 0;
  }

  /** Over an idle connection, or a new one. */
  send(call: UpstreamCall): UpstreamConnection {
    const connection = this.#takeIdle() ?? this.#open();
    connection.send(call);
    return connection;
  }

  idle(connection: UpstreamConnection): void {
    if (this.#isReleased) {
      connection.close();
      return;
    }
    connection.idleSince = performance.now();
    this.#idle.push(connection);
  }

  closed(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  closeStale(now: number): void {
    for (const connection of [...this.#idle]) if (isStale(connection, now)) connection.close();
  }

  /** No connection outlives its request. */
  release(): void {
    this.#isReleased = true;
    for (const connection of [...this.#idle]) connection.close();
  }

  closeAll(): void {
    for (const connection of [...this.#all]) connection.close();
  }

  #takeIdle(): UpstreamConnection | undefined {
    const now = performance.now();
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || !isStale(connection, now)) return connection;
      connection.close();
    }
  }

  #open(): UpstreamConnection {
    const connection = new UpstreamConnection(this.#instance, this.#timeouts, this.#outbox, this);
    this.#all.add(connection);
    return connection;
  }
}

const isStale = ({ idleSince, keptFor }: UpstreamConnection, now: number): boolean =>
  now - idleSince >= (keptFor === undefined ? KEPT_FOR : Math.min(keptFor - KEPT_SHORTER, KEPT_AT_MOST));

/** Connections by the identity of instances, made when first needed. */
export class Upstreams {
  readonly #limit: number;
  readonly #timeouts: Timeouts;
  readonly #outbox: Outbox;
  readonly #all = new Map<string, Upstream>();
  readonly #sweep: NodeJS.Timeout;

  constructor(limits: Limits, timeouts: Timeouts, outbox: Outbox) {
    this.#limit = limits.connectionsPerInstance;
    this.#timeouts = timeouts;
    this.#outbox = outbox;
    this.#sweep = setInterval(() => this.#closeStale(), SWEEP_EVERY).unref();
  }

  /** @returns undefined where the instance has as many connections as it may, and all are in use */
  for(instance: Instance): Upstream | undefined {
    let upstream = this.#all.get(instance.id);
    if (upstream === undefined) {
      upstream = new Upstream(instance, this.#timeouts, this.#outbox);
      this.#all.set(instance.id, upstream);
    }
    return upstream.hasIdle || upstream.size < this.#limit ? upstream : undefined;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Lets go of instances that are no more, as soon as their requests are done. */
  retain(instanceIds: ReadonlySet<string>): void {
    for (const [id, upstream] of this.#all) {
      if (instanceIds.has(id)) continue;
      this.#all.delete(id);
      upstream.release();
    }
  }

  /** Cuts whatever still runs. */
  close(): void {
    clearInterval(this.#sweep);
    for (const upstream of this.#all.values()) upstream.closeAll();
    this.#all.clear();
  }

  #closeStale(): void {
    const now = performance.now();
    for (const [id, upstream] of this.#all) {
      upstream.closeStale(now);
      if (upstream.size === 0) this.#all.delete(id);
    }
  }
}
