/** To be awaited between two small pieces of work that may be many. */
export type Pace = () => Promise<void>;

/** Milliseconds: what a request may have to wait for. */
const SLICE = 4;

/**
 * Long work in slices: after each, whatever else waits for the event loop gets its turn. Those who share a pace share
 * the slice too, and take turns.
 *
 * @param now monotonic milliseconds
 * @param slice how long one is, in milliseconds
 */
export const createPace = (now: () => number = () => performance.now(), slice = SLICE): Pace => {
  const waiting: (() => void)[] = [];
  let endsAt = 0;
  const goOn = (): void => {
    endsAt = now() + slice;
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(goOn);
  };
  return async () => {
    if (now() < endsAt) return;
    await new Promise<void>(resolve => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(goOn);
    });
  };
};

/** For pieces of work that are each as much as one slice may hold: each has a turn of the event loop of its own. */
export const createTurns = (): Pace => createPace(() => 0, 0);
