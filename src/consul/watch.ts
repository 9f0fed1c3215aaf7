import { isDeepStrictEqual } from 'node:util';
import { pause, type Timers } from '../telemetry/timers.ts';
import type { BlockingAsk } from './client.ts';
import { backOff, createBucket } from './pace.ts';
import type { Recovery } from './recovery.ts';
import type { Answer } from './reply.ts';

/**
 * How far an answer may be believed.
 * - `advancing`: Consul's index moved on in an unbroken session, so what is missing is gone
 * - `partial`: no leader was known, or ACLs hid something, so what is missing may still be there
 * - `reset`: the session began: the first answer, and the first one after an error or after the index went
 *   backwards. Consul may have forgotten anything
 */
export type Continuity = 'advancing' | 'partial' | 'reset';

export interface WatchOptions<T> {
  /** One blocking query. */
  readonly read: (ask: BlockingAsk) => Promise<Answer<T>>;
  /**
   * Called with every answer whose content differs from the one before, and with the first after a break even
   * where it doesn't. Never called synchronously, nor after `stop`. Must not throw.
   */
  readonly onAnswer: (data: T, continuity: Continuity) => void;
  /** The session broke: called once for each failed try, before the pause that follows it. Must not throw. */
  readonly onBreak: (error: unknown) => void;
  /** Whose back-off ends with that of others. */
  readonly recovery: Recovery;
  readonly timers: Timers;
  /** Draws from [0, 1). */
  readonly chance: () => number;
  readonly waitSeconds?: number;
  readonly isSame?: (a: T, b: T) => boolean;
}

export interface Watch {
  stop(): void;
}

/** Half-open connections are noticed after about this long. */
const WAIT_SECONDS = 30;

/** Answers a second that are followed when changes come in a storm. */
const RATE = 10;
const BURST = 2;

/**
 * Follows one blocking query by the rules of Consul's documentation ("Blocking queries", implementation
 * details): an answer is no proof of change, an index that goes backwards starts again from 0, an index is
 * never below 1, and the rate is limited by a bucket instead of a pause, so that a change is seen at once.
 */
export const watch = <T>(options: WatchOptions<T>): Watch => {
  const { read, onAnswer, onBreak, recovery, timers, chance } = options;
  const isSame = options.isSame ?? isDeepStrictEqual;
  const stopped = new AbortController();
  const { signal } = stopped;
  const bucket = createBucket(timers, RATE, BURST);

  const run = async (): Promise<void> => {
    let index = 0;
    let failures = 0;
    let unbroken = false;
    let last: { data: T } | undefined;
    while (!signal.aborted) {
      const delay = bucket.take();
      if (delay > 0) await pause(timers, delay, signal);
      try {
        const answer = await read({ index, waitSeconds: options.waitSeconds ?? WAIT_SECONDS, signal });
        if (signal.aborted) return;
        if (failures > 0) recovery.answered();
        failures = 0;
        const regressed = answer.index < index;
        if (regressed) unbroken = false;
        const isNew = !unbroken || last === undefined || !isSame(last.data, answer.data);
        const continuity = unbroken ? (isWhole(answer) ? 'advancing' : 'partial') : 'reset';
        last = { data: answer.data };
        unbroken = true;
        index = regressed ? 0 : Math.max(1, answer.index);
        if (isNew) onAnswer(answer.data, continuity);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        unbroken = false;
        index = 0;
        onBreak(error);
        await recovery.wait(timers, backOff(failures, chance), signal);
      }
    }
  };
  // The loop's first answer takes at least one turn of the event loop, so nothing is called synchronously.
  void run();
  return { stop: () => stopped.abort() };
};

/** Whether nothing can be missing from an answer. */
export const isWhole = (answer: Answer<unknown>): boolean => answer.knownLeader && !answer.filteredByAcls;
