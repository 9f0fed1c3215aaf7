import type { Snapshot } from '../core/model/snapshot.ts';
import { createBackOff } from '../core/retry/back-off.ts';
import type { Log } from '../telemetry/log.ts';
import { describeFailure } from './failure.ts';
import { replaceFile, touch } from './file.ts';
import { encodeState } from './format.ts';

/** Keeps the file up to date with the snapshot in force, without ever being in anyone's way. */
export interface Keeper {
  /** To be called at each swap. Returns at once; of what comes while a write is under way only the newest is written. */
  save(snapshot: Snapshot): void;
  status(): KeeperStatus;
  /** Brings the file up to date once more. Bounded; never rejects. */
  close(): Promise<void>;
}

export interface KeeperStatus {
  readonly file: string;
  /** When what is on disk was last known to be live, in epoch milliseconds; undefined while nothing is there. */
  readonly at?: number;
  /** Why the newest snapshot is not on disk, in one line. */
  readonly problem?: string;
  readonly written: number;
  readonly failed: number;
}

export interface KeeperOptions {
  readonly file: string;
  /** As `encodeState`. */
  readonly origin: string;
  /** What is on disk already was last live then. */
  readonly at: number | undefined;
  /** Whether Consul and the weight store are there, so that the snapshot in force is the live one. */
  readonly isLive: () => boolean;
  readonly log: Log;
  readonly timers?: KeeperTimers;
  /** Draws from [0, 1). */
  readonly chance?: () => number;
}

export interface KeeperTimers {
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Calls once after so many milliseconds. The returned function takes it back. */
  after(ms: number, run: () => void): () => void;
}

/** At least so long between two writes, however fast snapshots come. */
export const SPACING_MS = 1_000;

/** The file says by its modification time until when its state was live; to about this. */
export const BEAT_MS = 10_000;

/** A disk that has room again is noticed within half a minute. */
const backOff = createBackOff(1_000, 30_000);

/** A file system that hangs must not hold up the end of the process for longer. */
const CLOSE_WITHIN_MS = 2_000;

export const createKeeper = (options: KeeperOptions): Keeper => {
  const { file, origin, isLive, log, timers = systemTimers, chance = Math.random } = options;
  let latest: Snapshot | undefined;
  let due: 'write' | 'touch' | undefined;
  let liveAt = options.at ?? timers.wall();
  let status: KeeperStatus = {
    file,
    written: 0,
    failed: 0,
    ...(options.at === undefined ? {} : { at: options.at }),
  };
  let failures = 0;
  let working: Promise<void> | undefined;
  let endRest = (): void => {};
  let closed = false;

  const step = async (): Promise<void> => {
    const job = due;
    due = undefined;
    if (latest === undefined || job === undefined) return;
    if (isLive()) liveAt = timers.wall();
    const at = liveAt;
    try {
      if (job === 'write') await replaceFile(file, encodeState(latest, origin), at);
      else await touch(file, at);
      succeeded(job, at);
    } catch (error) {
      // Also where it could only not be touched: somebody may have removed it.
      due = 'write';
      failed(error);
    }
  };

  const succeeded = (job: 'write' | 'touch', at: number): void => {
    if (failures > 0) log.info({ file, failures }, 'the state is written again');
    failures = 0;
    status = { file, at, written: status.written + Number(job === 'write'), failed: status.failed };
  };

  const failed = (error: unknown): void => {
    const problem = describeFailure(error);
    if (failures === 0) {
      log.warn(
        { file, problem },
        'the state could not be written: serving goes on, but a restart would find an older one',
      );
    }
    failures += 1;
    status = { ...status, problem, failed: status.failed + 1 };
  };

  const rest = (ms: number): Promise<void> =>
    new Promise(resolve => {
      const takeBack = timers.after(ms, resolve);
      endRest = () => {
        takeBack();
        resolve();
      };
    });

  const work = async (): Promise<void> => {
    while (due !== undefined && !closed) {
      await step();
      if (!closed) await rest(failures === 0 ? SPACING_MS : backOff(failures, chance));
    }
    working = undefined;
  };

  const want = (job: 'write' | 'touch'): void => {
    if (due !== 'write') due = job;
    working ??= work();
  };

  const beat = (): void => {
    cancelBeat = timers.after(BEAT_MS, beat);
    if (status.written > 0 && isLive()) want('touch');
  };
  let cancelBeat: (() => void) | undefined;

  const finish = async (): Promise<void> => {
    await working;
    if (due === undefined && status.written > 0 && isLive()) due = 'touch';
    await step();
  };

  return {
    save: snapshot => {
      if (closed) return;
      latest = snapshot;
      cancelBeat ??= timers.after(BEAT_MS, beat);
      want('write');
    },
    status: () => status,
    close: async () => {
      closed = true;
      cancelBeat?.();
      endRest();
      let takeBack = (): void => {};
      const patience = new Promise<void>(resolve => {
        takeBack = timers.after(CLOSE_WITHIN_MS, resolve);
      });
      await Promise.race([finish(), patience]);
      takeBack();
    },
  };
};

const systemTimers: KeeperTimers = {
  wall: Date.now,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
