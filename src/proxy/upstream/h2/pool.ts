import type { Timeouts } from '../../options.ts';
import type { UpstreamCall } from '../call.ts';
import type { Dialer } from '../dialer.ts';
import type { Upstream } from '../upstream.ts';
import { type CallOwner, StreamCall } from './call.ts';
import { Session, type SessionOwner } from './session.ts';

/** Requests that a session will take, before an instance has said so (RFC 9113, 6.5.2 asks for no less). */
const USUAL_STREAMS = 100;

/** The HTTP/2 sessions of one instance: one, and further ones where those that are there take no more streams. */
export class SessionPool implements Upstream, SessionOwner, CallOwner {
  readonly #dialer: Dialer;
  readonly #limit: number;
  readonly #timeouts: Timeouts;
  readonly #sessions = new Set<Session>();
  /** For a session that has room. */
  #waiting: StreamCall[] = [];
  /** As the last session had it. */
  #streamsEach = USUAL_STREAMS;
  #isReleased = false;
  isCut = false;

  /** @param limit sessions at most */
  constructor(dialer: Dialer, limit: number, timeouts: Timeouts) {
    this.#dialer = dialer;
    this.#limit = limit;
    this.#timeouts = timeouts;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get hasRoom(): boolean {
    return this.#sessions.size < this.#limit || this.#withRoom() !== undefined;
  }

  send(call: UpstreamCall): StreamCall {
    const carried = new StreamCall(call, this.#dialer.scheme, this.#timeouts, this);
    this.again(carried);
    return carried;
  }

  again(call: StreamCall): void {
    if (this.isCut) return;
    const session = this.#withRoom();
    if (session !== undefined) {
      call.begin(session);
      return;
    }
    call.wait();
    this.#waiting.push(call);
    this.#openForWaiting();
  }

  freed(session: Session): void {
    if (session.most > 0) this.#streamsEach = session.most;
    while (this.#waiting.length > 0 && session.hasRoom) {
      const call = this.#waiting.shift();
      if (call?.isOver === false) call.begin(session);
    }
    this.#openForWaiting();
    if (this.#isReleased && this.#waiting.length === 0) session.leave();
  }

  closed(session: Session, cause: Error | undefined): void {
    this.#sessions.delete(session);
    if (cause === undefined || this.isCut) return;
    // One that could not be made: nobody waits for the next to fail in the same way.
    const failed = this.#waiting;
    this.#waiting = [];
    for (const call of failed) call.fail('connect_failed', cause);
  }

  closeStale(now: number): void {
    for (const session of [...this.#sessions]) session.check(now);
  }

  release(): void {
    this.#isReleased = true;
    if (this.#waiting.length === 0) for (const session of [...this.#sessions]) session.leave();
  }

  closeAll(): void {
    this.isCut = true;
    for (const call of this.#waiting) call.close();
    this.#waiting = [];
    for (const session of [...this.#sessions]) session.destroy();
  }

  #withRoom(): Session | undefined {
    for (const session of this.#sessions) if (session.hasRoom) return session;
    return undefined;
  }

  #openForWaiting(): void {
    this.#waiting = this.#waiting.filter(({ isOver }) => !isOver);
    let coming = 0;
    for (const session of this.#sessions) if (session.isConnecting) coming += this.#streamsEach;
    while (coming < this.#waiting.length && this.#sessions.size < this.#limit) {
      this.#sessions.add(new Session(this.#dialer, this.#timeouts.connect, this));
      coming += this.#streamsEach;
    }
  }
}
