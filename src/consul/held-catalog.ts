import type { Catalog, Instance } from '../core/model/instance.ts';
import type { Timers } from '../telemetry/timers.ts';
import { applyHold, countHeld, type HoldRules, isHeld, nextExpiry } from './hold.ts';

/** The catalog in force: what Consul lists and what is held, told to the consumer whenever it changes. */
export interface HeldCatalog {
  /** Takes in a fresh catalog. The first one is always told, be it empty. */
  update(fresh: Catalog, belief: Belief): void;
  /** Tells the last known catalog, unless there is none or one was told before. @returns whether it did */
  standIn(): boolean;
  /** Lets go of what is held, of one service or of all. @returns how many instances that were */
  release(service?: string): number;
  /** What was told last. */
  current(): Catalog | undefined;
  stop(): void;
}

type Belief = Pick<HoldRules, 'trusts' | 'settling' | 'isReleased'>;

const CERTAIN: Belief = { trusts: () => true, settling: false };

/** The catalog that a process before this one had in force. */
export interface LastCatalog {
  readonly catalog: Catalog;
  /** When it was last known to be live, in epoch milliseconds. */
  readonly at: number;
}

export const createHeldCatalog = (options: {
  readonly holdMs: number;
  readonly timers: Timers;
  /** Must not throw. */
  readonly onCatalog: (catalog: Catalog) => void;
  /** What the first fresh catalog is compared to. */
  readonly last?: LastCatalog;
}): HeldCatalog => {
  const { holdMs, timers, onCatalog, last } = options;
  let current = last?.catalog;
  let listed: Catalog = new Map();
  let isTold = false;
  let cancelExpiry = (): void => {};

  const update: HeldCatalog['update'] = (fresh, belief) => {
    const now = timers.wall();
    listed = fresh;
    // What nobody was routed by since the last process has been lost for as long as that is over.
    const lostMs = isTold || last === undefined ? 0 : now - last.at;
    const next = applyHold(current ?? new Map(), fresh, { ...belief, now, holdMs: holdMs - lostMs });
    cancelExpiry();
    const expiry = nextExpiry(next);
    if (expiry !== undefined) {
      const expire = (): void => update(fresh, CERTAIN);
      cancelExpiry = timers.after(Math.max(1, expiry - timers.wall() + 1), expire);
    }
    if (next === current && isTold) return;
    current = next;
    isTold = true;
    onCatalog(next);
  };

  return {
    update,
    standIn: () => {
      if (isTold || last === undefined) return false;
      // As if Consul had just listed what was not held: what was, expires in its time.
      update(unheld(last.catalog), CERTAIN);
      return true;
    },
    release: service => {
      const before = current === undefined || !isTold ? 0 : countHeld(current);
      if (before === 0 || current === undefined) return 0;
      update(listed, { ...CERTAIN, isReleased: name => service === undefined || name === service });
      return before - countHeld(current);
    },
    current: () => (isTold ? current : undefined),
    stop: () => cancelExpiry(),
  };
};

const unheld = (catalog: Catalog): Catalog =>
  new Map(
    [...catalog].map(([name, instances]) => [
      name,
      instances.some(isHeld) ? instances.filter(isListed) : instances,
    ]),
  );

const isListed = (instance: Instance): boolean => !isHeld(instance);
