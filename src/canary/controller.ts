import { isDeepStrictEqual } from 'node:util';
import type { Copies } from '../core/rules/copies.ts';
import type { Log } from '../telemetry/log.ts';
import type { CountedVersions, Watched } from '../telemetry/version-samples.ts';
import type { Board, Running } from './board.ts';
import { createLeader, type LeaderOptions } from './leader.ts';

export interface ControllerOptions extends LeaderOptions {
  readonly board: Board;
  /** Whether this gateway knows the catalog: one that doesn't can't tell what lives, so it doesn't lead. */
  readonly isReady: () => boolean;
  readonly traffic: {
    /** From now on the versions of these services are counted. */
    watch(watched: readonly Watched[]): void;
    counted(): CountedVersions;
  };
  /** Called with what is to be copied from now on, at each change. */
  readonly onCopies: (copies: Copies) => void;
  readonly log: Log;
  /** Milliseconds between two looks (default 1 s). */
  readonly lookEvery?: number;
  /** @returns how to cancel it */
  readonly after?: (ms: number, run: () => void) => () => void;
}

export interface Controller {
  /** Whether this gateway leads. */
  leads(): boolean;
  /** How many rollouts run, as far as this gateway knows. */
  running(): number;
  /** Gives up the lead, so that another takes over at once. */
  close(): Promise<void>;
}

const timer = (ms: number, run: () => void): (() => void) => {
  const id = setTimeout(run, ms);
  return () => clearTimeout(id);
};

/** The part of rollouts that runs in every gateway: each tells what it has counted, and one of them leads. */
export const startController = (options: ControllerOptions): Controller => {
  const { board, traffic, isReady, onCopies, log, lookEvery = 1_000, after = timer } = options;
  const leader = createLeader(options);
  let fence: number | undefined;
  let count = 0;
  let copies: Copies = new Map();
  let closed = false;
  let trouble: string | undefined;
  let cancel = (): void => {};
  let looking = Promise.resolve();

  const copy = (running: ReadonlyMap<string, Running>): void => {
    const next = new Map(
      [...running].flatMap(([service, { copies }]) => (copies ? [[service, copies]] : [])),
    );
    if (isDeepStrictEqual(next, copies)) return;
    copies = next;
    onCopies(next);
  };

  const beat = async (): Promise<void> => {
    const { now, running } = await board.beat(traffic.counted());
    const watched = [...running].filter(([, { isOver }]) => isOver !== true);
    traffic.watch(watched.map(([service, { id }]) => ({ key: id, service })));
    count = watched.length;
    const services = [...running.keys()];
    copy(running);
    const token = services.length > 0 && isReady() ? await board.lead() : undefined;
    if (token !== undefined && fence === undefined)
      log.info({ fence: token }, 'this gateway leads the rollouts');
    fence = token;
    if (token !== undefined) await Promise.all(services.map(service => leader.attend(service, now, token)));
  };

  const run = async (): Promise<void> => {
    try {
      await beat();
      trouble = undefined;
    } catch (error) {
      fence = undefined;
      const detail = error instanceof Error ? error.message : String(error);
      if (detail !== trouble) log.warn({ detail }, 'rollouts stand still: they can be neither read nor kept');
      trouble = detail;
    }
    if (!closed) cancel = after(lookEvery, start);
  };
  const start = (): void => {
    looking = run();
  };
  start();

  return {
    leads: () => fence !== undefined,
    running: () => count,
    close: async () => {
      closed = true;
      cancel();
      await looking;
      if (fence !== undefined) await board.resign().catch(() => {});
    },
  };
};
