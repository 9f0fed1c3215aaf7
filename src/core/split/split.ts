import type { ServiceWeights, Share, Split } from '../model/split.ts';

/** What the split needs to know of one version with live instances. */
export interface LiveVersion {
  readonly version: string;
  /** Live instances of this version. At least 1. */
  readonly instances: number;
  /** The `weight=` tag of the newest instance that carries one. */
  readonly tagWeight?: number;
}

/**
 * The share of each live version.
 *
 * Order of strength: the operator's hash, then `weight=` tags (versions without one count 1), then one share
 * an instance. A version without live instances is simply not in `live`, so its share goes to the others in
 * proportion. An explicit 0 is exactly none, whatever else is dead.
 */
export const computeSplit = (live: readonly LiveVersion[], stored: ServiceWeights | undefined): Split => {
  const weights = stored?.weights;
  if (weights !== undefined) {
    const named = normalise(live.map(v => ({ version: v.version, share: weights.get(v.version) ?? 0 })));
    if (sum(named) > 0) return { source: 'weights', shares: named };
    const somebodyShouldServe = [...weights.values()].some(weight => weight > 0);
    const unnamed = live.filter(v => !weights.has(v.version));
    if (somebodyShouldServe && unnamed.length > 0) {
      return { source: 'unnamed', shares: normalise(live.map(v => perInstance(v, !weights.has(v.version)))) };
    }
    return { source: 'weights', shares: named };
  }
  if (live.some(v => v.tagWeight !== undefined)) {
    return {
      source: 'tags',
      shares: normalise(live.map(v => ({ version: v.version, share: v.tagWeight ?? 1 }))),
    };
  }
  return { source: 'instances', shares: normalise(live.map(v => perInstance(v, true))) };
};

const perInstance = (v: LiveVersion, counts: boolean): Share => ({
  version: v.version,
  share: counts ? v.instances : 0,
});

const sum = (shares: readonly Share[]): number => shares.reduce((total, { share }) => total + share, 0);

const normalise = (shares: readonly Share[]): Share[] => {
  const total = sum(shares);
  return total === 0 ? shares.map(s => ({ ...s })) : shares.map(s => ({ ...s, share: s.share / total }));
};

/**
 * The item that a number falls on when shares are laid end to end.
 *
 * @param roll in [0, 1)
 * @returns undefined when every share is 0; an item whose share is 0 is never returned
 */
export const chooseByShare = <T extends { readonly share: number }>(
  items: readonly T[],
  roll: number,
): T | undefined => {
  let left = roll;
  let last: T | undefined;
  for (const item of items) {
    if (item.share <= 0) continue;
    if (left < item.share) return item;
    left -= item.share;
    last = item;
  }
  // Shares can sum to a hair under 1 in floating point.
  return last;
};
