import { createBackOff } from '../../core/retry/back-off.ts';
import { pause, type Timers } from '../timers.ts';
import { readPartialSuccess } from './answer.ts';
import type { Answer, Poster } from './post.ts';

/** What became of a message. */
export interface Verdict {
  /** How many of its spans the receiver has not taken. */
  readonly failed: number;
  /** Why, where some failed. */
  readonly reason: string;
}

/**
 * Brings a message of so many spans to the receiver, with retries. Never rejects.
 * @param signal gives it up
 */
export type Deliver = (message: readonly Buffer[], spans: number, signal: AbortSignal) => Promise<Verdict>;

export interface DeliveryOptions {
  readonly poster: Poster;
  /** Milliseconds for one delivery, its retries included. */
  readonly timeout: number;
  readonly timers: Timers;
  /** Draws from [0, 1). */
  readonly chance: () => number;
}

/** The only statuses after which a client may try again (OTLP 1, "OTLP/HTTP Response", retryable codes). */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const backOff = createBackOff(500, 5_000);

export const createDelivery =
  ({ poster, timeout, timers, chance }: DeliveryOptions): Deliver =>
  async (message, spans, signal) => {
    const trial = new AbortController();
    const giveUp = (): void => trial.abort();
    const expiresAt = timers.now() + timeout;
    const takeBack = timers.after(timeout, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      for (let failures = 1; ; failures++) {
        const result = await poster.post(message, trial.signal).then(judge, unanswered);
        if ('rejected' in result) return { failed: Math.min(spans, result.rejected), reason: result.reason };
        const wait = result.waitFor?.(timers.wall()) ?? backOff(failures, chance);
        const isLast = !result.isRetryable || timers.now() + wait >= expiresAt;
        if (!isLast) await pause(timers, wait, trial.signal);
        if (isLast || trial.signal.aborted) return { failed: spans, reason: result.reason };
      }
    } finally {
      takeBack();
      signal.removeEventListener('abort', giveUp);
    }
  };

interface Failure {
  readonly reason: string;
  readonly isRetryable: boolean;
  /** Milliseconds that the receiver asks for. @param wall milliseconds since the epoch */
  readonly waitFor?: (wall: number) => number | undefined;
}

const judge = ({ status, retryAfter, body }: Answer): Failure | ReturnType<typeof readPartialSuccess> => {
  if (status >= 200 && status < 300) return readPartialSuccess(body);
  return {
    reason: `the receiver answered ${status}`,
    isRetryable: RETRYABLE.has(status),
    waitFor: wall => readRetryAfter(retryAfter, wall),
  };
};

/** A connection that fails is as good as a 503; one that we gave up ends the loop by its signal. */
const unanswered = (error: NodeJS.ErrnoException): Failure => ({
  reason: error.name === 'AbortError' ? 'no answer in time' : error.message || `${error.code}`,
  isRetryable: true,
});

/** RFC 9110, 10.2.3: seconds or a date. */
const readRetryAfter = (text: string | undefined, wall: number): number | undefined => {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - wall);
};
