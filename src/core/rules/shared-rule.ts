import { compareOrigins } from '../model/origin.ts';
import type { Backend, Rule } from '../model/rule.ts';
import { sharesOf } from '../tags/fabio/shares.ts';
import { buildBackend } from './backend.ts';
import { type Carrier, targetOf } from './carrier.ts';
import type { Claim } from './settle.ts';

/** Where some name the fraction that they want, all have the weight that follows; those that get nothing are left out. */
export const withShares = (carriers: readonly Carrier[]): readonly Carrier[] => {
  if (carriers.every(({ asks }) => asks.fraction === undefined)) return carriers;
  const shares = sharesOf(carriers.map(({ asks }) => asks.fraction));
  return carriers
    .map((carrier, i) => withWeight(carrier, shares[i] ?? 0))
    .filter(({ asks }) => asks.use?.weight !== 0);
};

const withWeight = (carrier: Carrier, weight: number): Carrier => ({
  ...carrier,
  asks: { ...carrier.asks, use: { ...carrier.asks.use, weight } },
});

/** Whether several claim a match, and all of them would share it. */
export const areSharing = (rivals: readonly Claim[]): boolean =>
  rivals.length > 1 && rivals.every(({ shared }) => shared !== undefined);

/** Makes the rule that several claims share: the same object for the same claims as the last time. */
export const createSharedRules = (): ((rivals: readonly Claim[]) => Rule) => {
  const made = new WeakMap<Claim, { readonly rivals: readonly Claim[]; readonly rule: Rule }>();
  return rivals => {
    const [first] = rivals as readonly [Claim];
    const before = made.get(first);
    const isSame =
      before?.rivals.length === rivals.length && before.rivals.every((rival, i) => rival === rivals[i]);
    if (isSame) return before.rule;
    const rule = sharedRule(rivals);
    made.set(first, { rivals, rule });
    return rule;
  };
};

/**
 * The rule of services that share a match, as Fabio has it: all of their instances serve it, each service with its own
 * filters.
 *
 * @param rivals at least one
 */
const sharedRule = (rivals: readonly Claim[]): Rule => {
  const [oldest] = [...rivals].sort((a, b) => compareOrigins(a.rule.origin, b.rule.origin)) as [Claim];
  const carriers = withShares(rivals.flatMap(({ shared }) => shared?.live ?? []));
  const backends = rivals.flatMap(({ rule: { filters }, shared }): Backend[] => {
    const live = carriers.filter(({ instance }) => instance.service === shared?.service);
    const share = live.reduce((sum, { asks }) => sum + (asks.use?.weight ?? 1 / carriers.length), 0);
    if (shared === undefined || share === 0) return [];
    const backend = buildBackend({ ...shared, live, toTarget: targetOf });
    return [{ ...backend, share, ...(filters === undefined ? {} : { filters }) }];
  });
  const { filters: _ofOneService, ...rule } = oldest.rule;
  return backends.length === 0 ? rule : { ...rule, backends };
};
