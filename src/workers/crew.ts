import { createBackOff } from '../core/retry/back-off.ts';
import type { Log } from '../telemetry/log.ts';
import type { Ending, WorkerProcess } from './worker-process.ts';

export interface CrewOptions {
  readonly count: number;
  /** Starts the process that is to take a place, counted from 1. */
  readonly start: (place: number) => WorkerProcess;
  /** A worker serves from now on. */
  readonly onServing: () => void;
  readonly onEnded: (worker: WorkerProcess, ending: Ending) => void;
  /** Milliseconds that a replaced worker may take to finish what runs. */
  readonly drain: () => number;
  readonly log: Log;
}

/** Keeps as many workers as there are places: one that dies is replaced, and all are replaced one by one when asked. */
export interface Crew {
  /** Those that take connections. */
  serving(): readonly WorkerProcess[];
  /** Every process that has not ended, with its place: also those that start and those that drain. */
  all(): ReadonlyMap<WorkerProcess, number>;
  readonly deaths: number;
  /** A new worker takes each place in turn once it is ready, and only then the old one drains. */
  replace(): Promise<void>;
  /** Replaces nobody any more. */
  disband(): void;
}

/** A worker that lived so long did not die of its start: it is replaced at once. */
const PROVEN_MS = 10_000;
const backOff = createBackOff(100, 10_000);
/** A replacement that has no snapshot after this long is given up. */
const START_WITHIN = 30_000;

export const createCrew = ({ count, start, onServing, onEnded, drain, log }: CrewOptions): Crew => {
  const holders = new Map<number, WorkerProcess>();
  const failures = new Map<number, number>();
  const timers = new Set<NodeJS.Timeout>();
  const all = new Map<WorkerProcess, number>();
  let disbanded = false;
  let deaths = 0;
  let replacing = false;
  let asked = false;

  const launch = (place: number): WorkerProcess => {
    const worker = start(place);
    all.set(worker, place);
    void worker.ended.then(ending => leave(worker, place, ending));
    return worker;
  };

  const leave = (worker: WorkerProcess, place: number, ending: Ending): void => {
    all.delete(worker);
    const { pid, since } = worker;
    if (ending.cut !== undefined)
      log.info({ worker: place, workerPid: pid, cut: ending.cut }, 'a worker has drained');
    else if (!disbanded) {
      deaths += 1;
      log.error({ worker: place, workerPid: pid, code: ending.code, signal: ending.signal }, 'a worker died');
    }
    const held = holders.get(place) === worker;
    // It must take no connection any more, least of all those that it left.
    if (held) holders.delete(place);
    onEnded(worker, ending);
    if (disbanded || !held) return;
    const inARow = Date.now() - since >= PROVEN_MS ? 0 : (failures.get(place) ?? 0) + 1;
    failures.set(place, inARow);
    refillAfter(inARow === 0 ? 0 : backOff(inARow, Math.random), place);
  };

  const refillAfter = (wait: number, place: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!holders.has(place)) refill(place);
    }, wait);
    timers.add(timer);
  };

  const refill = (place: number): void => {
    const worker = launch(place);
    holders.set(place, worker);
    void worker.ready.then(() => serves(worker, place));
  };

  const serves = ({ pid }: WorkerProcess, place: number): void => {
    log.info({ worker: place, workerPid: pid }, 'a worker serves');
    onServing();
  };

  /** @returns whether the place has a new worker */
  const replaceAt = async (place: number): Promise<boolean> => {
    const next = launch(place);
    if (!(await isReadyWithin(next, START_WITHIN))) {
      next.kill();
      return false;
    }
    if (disbanded) return false;
    const old = holders.get(place);
    holders.set(place, next);
    serves(next, place);
    old?.drain(drain(), 0);
    await old?.ended;
    return true;
  };

  /** @returns whether every place has a new worker */
  const replaceAll = async (): Promise<boolean> => {
    for (let place = 1; place <= count; place++) {
      if (disbanded) return false;
      if (await replaceAt(place)) continue;
      if (!disbanded) log.error({ worker: place }, 'a new worker did not start: the old ones serve on');
      return false;
    }
    return true;
  };

  for (let place = 1; place <= count; place++) refill(place);

  return {
    serving: () => [...holders.values()].filter(({ state }) => state === 'serving'),
    all: () => all,
    get deaths() {
      return deaths;
    },
    replace: async () => {
      asked = true;
      if (replacing) return;
      replacing = true;
      // A request that comes meanwhile is for workers newer than those that are there by now.
      while (asked && !disbanded) {
        asked = false;
        log.info('replacing the workers one by one');
        if (await replaceAll()) log.info('all workers were replaced');
      }
      replacing = false;
    },
    disband: () => {
      disbanded = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
};

const isReadyWithin = async ({ ready, ended }: WorkerProcess, within: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), within);
  });
  const isReady = await Promise.race([ready.then(() => true), ended.then(() => false), tooLong]);
  clearTimeout(timer);
  return isReady;
};
