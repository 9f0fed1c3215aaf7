import type { Timeouts } from '../options.ts';
import type { Outbox } from '../outbox.ts';
import type { UpstreamCall } from './call.ts';
import { type ConnectionOwner, UpstreamConnection } from './connection.ts';
import type { Dialer } from './dialer.ts';
import type { Upstream } from './upstream.ts';

/** An idle connection is dropped before a server with Node's default of 5 s can drop it under a request. */
const KEPT_FOR = 4_000;
/** What is taken off the time that an instance names itself: a request may be on its way when it is over. */
const KEPT_SHORTER = 1_000;
const KEPT_AT_MOST = 10 * 60_000;

/** The HTTP/1.1 connections to one instance, each with one request at a time. */
export class ConnectionPool implements Upstream, ConnectionOwner {
  readonly #dialer: Dialer;
  readonly #limit: number;
  readonly #timeouts: Timeouts;
  readonly #outbox: Outbox;
  readonly #all = new Set<UpstreamConnection>();
  /** The one that was used last is taken first, so that the others may grow old. */
  readonly #idle: UpstreamConnection[] = [];
  #isReleased = false;

  /** @param limit connections at most */
  constructor(dialer: Dialer, limit: number, timeouts: Timeouts, outbox: Outbox) {
    this.#dialer = dialer;
    this.#limit = limit;
    this.#timeouts = timeouts;
    this.#outbox = outbox;
  }

  get size(): number {
    return this.#all.size;
  }

  get hasRoom(): boolean {
    return this.#idle.length > 0 || this.#all.size < this.#limit;
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
    const connection = new UpstreamConnection(this.#dialer, this.#timeouts, this.#outbox, this);
    this.#all.add(connection);
    return connection;
  }
}

const isStale = ({ idleSince, keptFor }: UpstreamConnection, now: number): boolean =>
  now - idleSince >= (keptFor === undefined ? KEPT_FOR : Math.min(keptFor - KEPT_SHORTER, KEPT_AT_MOST));
