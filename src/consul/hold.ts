import { isDeepStrictEqual } from 'node:util';
import type { Catalog, Instance } from '../core/model/instance.ts';

/** For so long after a break `critical` may come from a restarted agent that has not run its checks yet. */
export const SETTLE_MS = 15_000;

/** How long an instance is held unless configured otherwise. */
export const HOLD_MS = 60_000;

export interface HoldRules {
  /** What was read of the service is whole and came in an unbroken session: what it lacks is gone. */
  readonly trusts: (service: string) => boolean;
  /**
   * The session began anew a moment ago, so `critical` may only mean that nobody has reported yet: an agent
   * that restarts takes its HTTP checks for critical until they have run, and a TTL check that is registered
   * again starts critical, too.
   */
  readonly settling: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
  /** How long an instance is kept whose loss is doubted. */
  readonly holdMs: number;
  /** Somebody knows that what is held of it is gone. */
  readonly isReleased?: (service: string) => boolean;
}

/**
 * What is in force after a fresh catalog: a restarted, wiped or amnesiac Consul must not take traffic down.
 *
 * - An instance that vanished is gone at once where the answer is trusted; otherwise, if it served (passing or
 *   warning), it is held as it was.
 * - So is one that served and turned critical while the session settles.
 * - A held instance stays until it is seen again and is not critical, until its hold expires, or until it is released.
 * - An instance whose registration came back at another address is replaced, never held beside it.
 *
 * The array of a service, and the catalog itself, keep their identity where nothing changed.
 */
export const applyHold = (previous: Catalog, fresh: Catalog, rules: HoldRules): Catalog => {
  const result = new Map<string, readonly Instance[]>();
  let changed = false;
  for (const name of new Set([...fresh.keys(), ...previous.keys()])) {
    const before = previous.get(name) ?? [];
    const after = holdService(before, fresh.get(name) ?? [], rules);
    if (after !== before) changed = true;
    if (after.length > 0) result.set(name, after);
  }
  return changed ? result : previous;
};

const holdService = (
  before: readonly Instance[],
  listed: readonly Instance[],
  rules: HoldRules,
): readonly Instance[] => {
  if (before === listed) return before;
  const registrations = new Set(listed.map(registrationOf));
  const after = new Map(listed.map(instance => [instance.id, instance]));
  let held = 0;
  for (const old of before) {
    const seen = after.get(old.id);
    const isLost = seen === undefined ? !registrations.has(registrationOf(old)) : seen.health === 'critical';
    const until = isLost ? holdUntil(old, seen, rules) : undefined;
    if (until === undefined || until <= rules.now) continue;
    after.set(old.id, old.heldUntil === until ? old : { ...old, heldUntil: until });
    held += 1;
  }
  const instances = held === 0 ? listed : [...after.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return isDeepStrictEqual(before, instances) ? before : instances;
};

const holdUntil = (
  old: Instance,
  seen: Instance | undefined,
  { trusts, settling, now, holdMs, isReleased }: HoldRules,
): number | undefined => {
  if (isReleased?.(old.service) === true) return undefined;
  if (old.heldUntil !== undefined) return old.heldUntil;
  const served = old.health === 'passing' || old.health === 'warning';
  const isDoubted = seen === undefined ? !trusts(old.service) : settling;
  return served && isDoubted ? now + holdMs : undefined;
};

const registrationOf = ({ node, serviceId }: Instance): string => `${node}/${serviceId}`;

/** When the first held instance expires, in epoch milliseconds; undefined where none is held. */
export const nextExpiry = (catalog: Catalog): number | undefined => {
  let next = NEVER;
  for (const instances of catalog.values()) next = Math.min(next, expiryOf(instances));
  return next === NEVER ? undefined : next;
};

const NEVER = Number.POSITIVE_INFINITY;

/** Of thousands of lists a few are others than the last time. */
const expiries = new WeakMap<readonly Instance[], number>();

const expiryOf = (instances: readonly Instance[]): number => {
  const known = expiries.get(instances);
  if (known !== undefined) return known;
  let expiry = NEVER;
  for (const { heldUntil = NEVER } of instances) expiry = Math.min(expiry, heldUntil);
  expiries.set(instances, expiry);
  return expiry;
};

export const countHeld = (catalog: Catalog): number => {
  let count = 0;
  for (const instances of catalog.values()) count += instances.filter(isHeld).length;
  return count;
};

export const isHeld = ({ heldUntil }: Instance): boolean => heldUntil !== undefined;
