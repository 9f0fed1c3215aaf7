import type { Limits, Timeouts } from '../core/settings/limits.ts';
import { BEAT } from './heartbeat.ts';

/** For whom an exchange waits at a moment. */
export type Awaited =
  /** The client is to send more of its body. */
  | 'body'
  /** The upstream is to answer. */
  | 'head'
  /** The client is to take what waits for it. */
  | 'reader'
  /** A response has begun, and the upstream has no more of it. */
  | 'rest';

/** By whom time ran out: 408 or 504, and only an upstream that did not answer is charged with it. */
export type Late = 'client' | 'upstream' | 'all';

export interface Standing {
  readonly awaited: Awaited;
  /** Milliseconds to the head of the response, where the rule says so. */
  readonly response: number | undefined;
  /** Milliseconds for all of it, where the client says so. */
  readonly total: number | undefined;
  /** Body bytes from the client so far. */
  readonly received: number;
  /** Body bytes passed to the client so far. */
  readonly sent: number;
  /** Bytes that the client has not taken. */
  readonly held: number;
  /** A call of gRPC, at a service that can be one: its client says something when there is something to say, and owes nothing till then. */
  readonly isCall: boolean;
}

/**
 * How long one exchange waits, for whom, and when that is long enough. Only the time counts in which the one in
 * question was waited for: a slow upstream is never the client's fault. Rates as in Kestrel's
 * `MinRequestBodyDataRate` and `MinResponseDataRate`.
 */
export class Patience {
  readonly #rate: number;
  readonly #timeouts: Timeouts;
  #total = 0;
  /** For the same, without a byte moving. */
  #still = 0;
  /** For the body. */
  #forBody = 0;
  #awaited: Awaited = 'head';
  #moved = 0;
  /**
   * Milliseconds for which it need not be asked again: the longer nothing has moved, the more, so that thousands that wait
   * cost next to nothing.
   */
  rest = 0;
  /** It is the client that is waited for, and it does so little that it may give way to others (slow-clients.ts). */
  isClientSlow = false;

  constructor({ clientRate }: Limits, timeouts: Timeouts) {
    this.#rate = clientRate;
    this.#timeouts = timeouts;
  }

  /**
   * @param elapsed milliseconds since it was asked before
   * @returns undefined while there is time
   */
  judge(elapsed: number, standing: Standing): Late | undefined {
    const { awaited, received } = standing;
    const moved = received + standing.sent;
    const isSame = awaited === this.#awaited;
    this.#still = isSame && moved === this.#moved ? this.#still + elapsed : 0;
    this.#awaited = awaited;
    this.#moved = moved;
    this.#total += elapsed;
    // Nobody saw when in a long rest its turn came.
    if (awaited === 'body') this.#forBody += isSame ? elapsed : Math.min(elapsed, BEAT);
    this.rest = this.#restFor(standing);
    this.isClientSlow = this.#rate > 0 && this.#isSlow(standing);
    if (standing.total !== undefined && this.#total >= standing.total) return 'all';
    const isTooLong = this.#isTooLong(standing);
    if (!isTooLong && !isPast(this.#total, this.#timeouts.total)) return undefined;
    if (awaited === 'body' || awaited === 'reader') return 'client';
    return isTooLong ? 'upstream' : 'all';
  }

  #restFor({ awaited, total, response = this.#timeouts.response }: Standing): number {
    const rest = Math.min(LONGEST_REST, this.#still / 16);
    // These are those that people set to the millisecond.
    const left = total === undefined ? Number.POSITIVE_INFINITY : total - this.#total;
    const toHead = awaited === 'head' && response > 0 ? response - this.#still : Number.POSITIVE_INFINITY;
    return Math.min(rest, left, toHead);
  }

  #isTooLong({ awaited, received, held, isCall, response = this.#timeouts.response }: Standing): boolean {
    const { clientStall, responseStall } = this.#timeouts;
    switch (awaited) {
      case 'body':
        if (isCall) return isPast(this.#still, responseStall);
        return isPast(this.#still, clientStall) || this.#isBelowRate(received);
      case 'reader':
        return isPast(this.#still, clientStall) || isPast(this.#still, this.#timeFor(held));
      case 'head':
        return isPast(this.#still, response);
      case 'rest':
        return false;
    }
  }

  #isSlow({ awaited, received, isCall }: Standing): boolean {
    if (awaited === 'reader') return this.#still >= SLOW_AFTER;
    if (awaited !== 'body' || isCall || this.#forBody < SLOW_AFTER) return false;
    return received < (this.#rate * SLOW_RATES * this.#forBody) / 1_000;
  }

  #isBelowRate(received: number): boolean {
    return isPast(this.#forBody, this.#timeFor(received));
  }

  /** Milliseconds in which so many bytes must have moved; 0 where it does not matter. */
  #timeFor(bytes: number): number {
    return this.#rate === 0 ? 0 : Math.max(this.#timeouts.rateGrace, (bytes / this.#rate) * 1_000);
  }
}

/** Milliseconds. */
const LONGEST_REST = 250;

/** Milliseconds. The window of a client may be closed for as long by a link that is poor, but alive. */
const SLOW_AFTER = 1_000;
/** A body that comes at less than so many times the least rate is slow: with the default, less than a modem sends. */
const SLOW_RATES = 16;

/** 0 is off. */
const isPast = (time: number, limit: number): boolean => limit > 0 && time >= limit;
