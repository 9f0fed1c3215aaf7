import { pause, type Timers } from '../telemetry/timers.ts';

/**
 * Where those wait whom Consul failed. Each has a back-off of its own, but what helps one mostly helps all: Consul is
 * back, or there is a new token.
 */
export interface Recovery {
  /** Waits out a back-off. Resolves as soon as another try is worth it, and once `signal` is aborted. */
  wait(timers: Timers, ms: number, signal: AbortSignal): Promise<void>;
  /** To be called by one who had failed, when it is answered: all others try again at once. */
  answered(): void;
}

/** A new token is looked for so often while somebody waits: nobody else asks for it then. */
export const LOOK_MS = 250;

/** @param token the one of the moment; absent where it never changes */
export const createRecovery = (token?: () => string | undefined): Recovery => {
  const waiting = new Set<() => void>();
  let last = token?.();

  const wake = (): void => {
    for (const end of waiting) end();
  };

  const look = (): void => {
    const now = token?.();
    if (now !== last) wake();
    last = now;
  };

  return {
    wait: async (timers, ms, signal) => {
      const early = new AbortController();
      const end = (): void => early.abort();
      if (signal.aborted) return;
      waiting.add(end);
      signal.addEventListener('abort', end, { once: true });
      const until = timers.now() + ms;
      for (let left = ms; left > 0 && !early.signal.aborted; left = until - timers.now()) {
        await pause(timers, token === undefined ? left : Math.min(left, LOOK_MS), early.signal);
        look();
      }
      signal.removeEventListener('abort', end);
      waiting.delete(end);
    },
    answered: wake,
  };
};
