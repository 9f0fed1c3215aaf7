import type { Catalog } from '../core/model.ts';
import { applyHold, type HoldRules, nextExpiry } from './hold.ts';
import type { Timers } from './timers.ts';

/** The catalog in force: what Consul lists and what is held, told to the consumer whenever it changes. */
export interface HeldCatalog {
  /** Takes in a fresh catalog. The first one is always told, be it empty. */
  update(fresh: Catalog, belief: Pick<HoldRules, 'trusts' | 'settling'>): void;
  current(): Catalog | undefined;
  stop(): void;
}

export const createHeldCatalog = (options: {
  readonly holdMs: number;
  readonly timers: Timers;
  /** Must not throw. */
  readonly onCatalog: (catalog: Catalog) => void;
}): HeldCatalog => {
  const { holdMs, timers, onCatalog } = options;
  let current: Catalog | undefined;
  let cancelExpiry = (): void => {};

  const update: HeldCatalog['update'] = (fresh, belief) => {
    const next = applyHold(current ?? new Map(), fresh, { ...belief, now: timers.wall(), holdMs });
    cancelExpiry();
    const expiry = nextExpiry(next);
    if (expiry !== undefined) {
      const expire = (): void => update(fresh, { trusts: () => true, settling: false });
      cancelExpiry = timers.after(Math.max(1, expiry - timers.wall() + 1), expire);
    }
    if (next === current) return;
    current = next;
    onCatalog(next);
  };
  return { update, current: () => current, stop: () => cancelExpiry() };
};
