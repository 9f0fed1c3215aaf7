import type { AdminWeights } from './parts.ts';

/** Counts the changes of weights, for blocking queries. */
export interface Follower {
  /** At least 1; grows with every change. */
  index(): number;
  /** Resolves at the next change, after `waitMs`, or when the caller has gone. */
  next(waitMs: number, signal: AbortSignal): Promise<void>;
}

export const followWeights = (store: Pick<AdminWeights, 'onChange'>): Follower => {
  let index = 1;
  const waiting = new Set<() => void>();
  store.onChange(() => {
    index += 1;
    for (const wake of [...waiting]) wake();
  });
  return {
    index: () => index,
    next: (waitMs, signal) =>
      new Promise(resolve => {
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, waitMs);
        waiting.add(done);
        signal.addEventListener('abort', done);
      }),
  };
};
