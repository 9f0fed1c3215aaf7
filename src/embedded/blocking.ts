import type { Changes, Topic } from './changes.ts';
import type { Clock } from './clock.ts';
import { parseGoDuration } from './duration.ts';
import { ApiError } from './errors.ts';

/** A read that can be waited on: cheap to ask for its index, and answered from the state of the moment. */
export interface Query<A> {
  /** What wakes it. */
  readonly topic: Topic;
  /** The `X-Consul-Index` of an answer given now. */
  index(): number;
  answer(): A;
}

/** How long a client wants to wait, and for what to pass. */
export interface Wait {
  readonly index: number;
  readonly ms: number;
}

const DEFAULT_WAIT_MS = 5 * 60_000;
const MAX_WAIT_MS = 10 * 60_000;

/**
 * `?index=` and `?wait=` by Consul's rules (API, Blocking Queries): 5 minutes unless said, 10 at most.
 *
 * @returns undefined where the answer is wanted at once
 */
export const readWait = (params: URLSearchParams): Wait | undefined => {
  const index = params.get('index') ?? '';
  const wait = params.get('wait') ?? '';
  const ms = wait === '' ? 0 : parseGoDuration(wait);
  if (ms === undefined) throw new ApiError(400, 'Invalid wait time');
  if (!/^\d*$/.test(index)) throw new ApiError(400, 'Invalid index');
  if (Number(index) === 0) return undefined;
  return { index: Number(index), ms: ms <= 0 ? DEFAULT_WAIT_MS : Math.min(ms, MAX_WAIT_MS) };
};

export interface Surroundings {
  readonly changes: Changes;
  readonly clock: Clock;
  /** Draws from [0, 1). */
  readonly chance: () => number;
}

/**
 * Calls `ready` once: when the query's index has passed the client's, or when the time is up (with up to a
 * sixteenth on top, so that clients that came together do not return together).
 *
 * @returns gives up the wait; nothing is called after that
 */
export const awaitNews = (
  query: Query<unknown>,
  wait: Wait,
  { changes, clock, chance }: Surroundings,
  ready: () => void,
): (() => void) => {
  const giveUp = (): void => {
    stopListening();
    stopTimer();
  };
  const finish = (): void => {
    giveUp();
    ready();
  };
  const stopListening = changes.on(query.topic, () => {
    if (query.index() > wait.index) finish();
  });
  const stopTimer = clock.after(wait.ms + (chance() * wait.ms) / 16, finish);
  // Only now, so that there is no moment between the look and the wait in which a change could pass unseen.
  if (query.index() > wait.index) finish();
  return giveUp;
};
