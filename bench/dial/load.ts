import { once } from 'node:events';
import { forkLoad } from '../load/fork-load.ts';
import type { Census } from './census.ts';

export interface Job {
  /** Of 127.0.0.1; connections are dealt to them in turn. */
  readonly ports: readonly number[];
  readonly connections: number;
  /** Without a rate. */
  readonly requests: number;
  /** A second, until it is ended. Without it, as fast as they are answered. */
  readonly rate?: number;
}

/** In the order of the answers, of all ports together and of each. */
export interface Counts {
  readonly all: Census;
  readonly each: readonly Census[];
  /** From the first request to the last answer, or the end. */
  readonly seconds: number;
}

export interface Load {
  /** When all is answered, or after `end`. @throws where a connection can't be opened */
  readonly counts: Promise<Counts>;
  end(): void;
}

/** Starts a job in a process of its own, which ends with it. */
export const startLoad = (job: Job, stopping: AbortSignal): Load => {
  const { child, outlived, stop } = forkLoad(new URL('client.ts', import.meta.url));
  child.send(job);
  const answered = async (): Promise<Counts> => {
    try {
      const [counts] = (await outlived(once(child, 'message', { signal: stopping }))) as [
        Counts | { readonly error: string },
      ];
      if ('error' in counts) throw new Error(counts.error);
      return counts;
    } finally {
      await stop();
    }
  };
  const counts = answered();
  // Whoever awaits it hears of a failure.
  counts.catch(() => {});
  return { counts, end: () => void child.send('end') };
};
