import type { Timers } from '../telemetry/timers.ts';
import { createBucket } from './pace.ts';

/** Reads services one by one over a few connections: named ones first, and now and then all of them. */
export interface ReadQueue {
  /** Reads these before anything else; one that is being read right now is read once more after that. */
  urgent(names: Iterable<string>): void;
  /** Looks at these right after that: they may have changed. */
  likely(names: Iterable<string>): void;
  /** Reads every service. Calls that come while a sweep is due or under way are one more sweep together. */
  sweep(): void;
  /** Forgets what is still to be read. */
  clear(): void;
  stop(): void;
}

export type ReadKind = 'urgent' | 'likely' | 'rest';

export interface ReadQueueOptions {
  /**
   * Reads one service. Where it fails, it has called `clear` if the others are to be spared.
   *
   * @param kind `urgent` where it is known to have changed; `likely` and `rest` need a look first
   */
  readonly read: (name: string, kind: ReadKind) => Promise<void>;
  /** The names of a sweep, asked when it starts. */
  readonly beginSweep: () => Iterable<string>;
  /** All urgent and likely reads are done. */
  readonly onUrgentDone: () => void;
  /** Every service was read since `beginSweep`. */
  readonly onSweepDone: () => void;
  /** Reads under way at the same time, at most. */
  readonly atOnce: number;
  readonly timers: Timers;
}

/** Of each second so many milliseconds may be spent on sweeps, and in a burst as many as these, so that a storm is paid for. */
const SWEEP_MS_PER_SECOND = 100;
const SWEEP_MS_AT_ONCE = 1_000;

export const createReadQueue = (options: ReadQueueOptions): ReadQueue => {
  const { read, beginSweep, onUrgentDone, onSweepDone, atOnce, timers } = options;
  const urgent = new Set<string>();
  const likely = new Set<string>();
  const rest = new Set<string>();
  const reading = new Map<string, ReadKind>();
  const budget = createBucket(timers, SWEEP_MS_PER_SECOND, SWEEP_MS_AT_ONCE);
  let stopped = false;
  let sweeping = false;
  let sweepWanted = false;
  let sweepBegan = 0;
  let earliestSweep = 0;
  let cancelSweep: (() => void) | undefined;

  const pull = (): { name: string; kind: ReadKind } | undefined => {
    for (const name of urgent) if (!reading.has(name)) return { name, kind: 'urgent' };
    for (const name of likely) if (!reading.has(name)) return { name, kind: 'likely' };
    for (const name of rest) if (!reading.has(name)) return { name, kind: 'rest' };
    return undefined;
  };

  const pump = (): void => {
    while (!stopped && reading.size < atOnce) {
      const next = pull();
      if (next === undefined) return;
      urgent.delete(next.name);
      likely.delete(next.name);
      rest.delete(next.name);
      reading.set(next.name, next.kind);
      void read(next.name, next.kind).finally(() => finish(next.name, next.kind));
    }
  };

  const finish = (name: string, kind: ReadKind): void => {
    reading.delete(name);
    if (stopped) return;
    if (kind !== 'rest' && urgent.size + likely.size === 0 && isOnlyRest(reading)) onUrgentDone();
    if (sweeping && urgent.size + likely.size + rest.size + reading.size === 0) endSweep();
    pump();
  };

  const endSweep = (): void => {
    sweeping = false;
    const now = timers.now();
    earliestSweep = now + budget.take(now - sweepBegan);
    onSweepDone();
    if (sweepWanted) schedule();
  };

  const schedule = (): void => {
    sweepWanted = true;
    if (stopped || sweeping || cancelSweep !== undefined) return;
    cancelSweep = timers.after(Math.max(0, earliestSweep - timers.now()), begin);
  };

  const begin = (): void => {
    cancelSweep = undefined;
    sweepWanted = false;
    sweeping = true;
    sweepBegan = timers.now();
    for (const name of beginSweep()) rest.add(name);
    if (urgent.size + likely.size + rest.size + reading.size === 0) endSweep();
    else pump();
  };

  return {
    urgent: names => {
      for (const name of names) urgent.add(name);
      pump();
    },
    likely: names => {
      for (const name of names) likely.add(name);
      pump();
    },
    sweep: schedule,
    clear: () => {
      urgent.clear();
      likely.clear();
      rest.clear();
      sweeping = false;
    },
    stop: () => {
      stopped = true;
      cancelSweep?.();
    },
  };
};

const isOnlyRest = (reading: ReadonlyMap<string, ReadKind>): boolean => {
  for (const kind of reading.values()) if (kind !== 'rest') return false;
  return true;
};
