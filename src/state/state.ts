import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { LastKnown } from '../core/rules/last-known.ts';
import type { Log } from '../telemetry/log.ts';
import { describeFailure } from './failure.ts';
import { clearLeftovers, readWhole } from './file.ts';
import { decodeState, StateError } from './format.ts';
import { createKeeper, type KeeperStatus, type KeeperTimers } from './keeper.ts';

/** The last known good snapshot on disk. */
export interface State {
  /** What the process before this one had in force; undefined where there is none, or none of use. */
  readonly last: LastKnown | undefined;
  /** To be called at each swap. Returns at once and never fails: what can't be written is tried again. */
  save(snapshot: Snapshot): void;
  /** Undefined where nothing is kept. */
  status(): KeeperStatus | undefined;
  /** Brings the file up to date once more. Bounded; never rejects. */
  close(): Promise<void>;
}

export interface StateOptions {
  /** Made where it isn't there. `off`: nothing is kept. One folder belongs to one gateway. */
  readonly folder: string;
  /** Which Consul and which Redis, in words without secrets: the state of others is not taken over. */
  readonly origin: string;
  /** Whether both are there, so that the snapshot in force is the live one. Not asked before the first `save`. */
  readonly isLive: () => boolean;
  readonly log: Log;
  readonly timers?: KeeperTimers;
}

const FILE = 'last-known-good.jsonl';

/** Reads what is kept. A file that can't be used costs a line in the log, never the start. */
export const openState = async (options: StateOptions): Promise<State> => {
  const { folder, timers } = options;
  if (folder === 'off') return NOTHING_KEPT;
  const file = join(folder, FILE);
  const now = timers?.wall() ?? Date.now();
  await clearLeftovers(file, now);
  const last = await readLast(file, options, now);
  const keeper = createKeeper({ ...options, file, at: last?.at });
  return { ...keeper, last };
};

const NOTHING_KEPT: State = {
  last: undefined,
  save: () => {},
  status: () => undefined,
  close: async () => {},
};

const readLast = async (
  file: string,
  { origin, log }: StateOptions,
  now: number,
): Promise<LastKnown | undefined> => {
  try {
    const found = await readWhole(file);
    if (found === undefined) {
      log.info({ file }, 'no last known good state yet; it will be kept here');
      return undefined;
    }
    const { origin: from, ...inputs } = decodeState(found.contents);
    if (from !== origin) {
      log.warn({ file, from, origin }, 'the state is of another Consul or Redis: it is not used');
      return undefined;
    }
    // A clock that was set back must not make it younger than new.
    const last = { ...inputs, at: Math.min(found.at, now) };
    const { size: services } = last.catalog;
    log.info({ file, services, ageSeconds: age(last, now) }, 'there is a last known good state');
    return last;
  } catch (error) {
    const problem = describeFailure(error);
    const aside = error instanceof StateError ? await setAside(file) : undefined;
    log.warn({ file, problem, ...(aside === undefined ? {} : { aside }) }, 'the state is not used');
    return undefined;
  }
};

const age = ({ at }: LastKnown, now: number): number => Math.round((now - at) / 1_000);

/** Somebody may want to know what happened to it. @returns where it is now */
const setAside = async (file: string): Promise<string | undefined> => {
  const aside = `${file}.bad`;
  return rename(file, aside).then(
    () => aside,
    () => undefined,
  );
};
