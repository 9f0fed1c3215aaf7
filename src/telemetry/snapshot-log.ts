import type { Rule } from '../core/model/rule.ts';
import type { ServiceState, Snapshot } from '../core/model/snapshot.ts';
import { formatShare } from '../core/values.ts';
import type { Log } from './log.ts';
import { toMicroseconds } from './precise-clock.ts';
import { logQuarantine } from './quarantine-log.ts';

/** Of more routes at once only the number is told: a line takes some 30 µs, in which no request is served. */
const MOST_ROUTES = 50;

/**
 * Says what a swap changed for people: routes that came and went, quarantine, splits.
 *
 * @param inForceAt since when requests are served by it, in epoch milliseconds with a fraction
 */
export const logSwap = (
  log: Log,
  previous: Snapshot | undefined,
  next: Snapshot,
  inForceAt: number,
): void => {
  const { revision } = next;
  const before = onlyIn(previous?.rules ?? [], next.rules);
  const after = onlyIn(next.rules, previous?.rules ?? []);
  const added = [...after].filter(([route, rule]) => servedBy(before.get(route)) !== servedBy(rule));
  const removed = [...before].filter(([route]) => !after.has(route));
  for (const [routes, one, many] of [
    [added, 'route added', 'routes added'],
    [removed, 'route removed', 'routes removed'],
  ] as const) {
    if (routes.length > MOST_ROUTES) log.info({ revision, routes: routes.length }, many);
    else for (const [route, rule] of routes) log.info({ revision, route, service: servedBy(rule) }, one);
  }

  logQuarantine(log, revision, previous?.quarantine ?? [], next.quarantine);

  for (const state of next.services.values()) {
    const { name, split } = state;
    const old = previous?.services.get(name);
    if (state === old) continue;
    const held = heldIn(state);
    if (held > heldIn(old)) {
      log.warn({ revision, service: name, held }, 'Consul no longer lists instances of it: they are held');
    } else if (held < heldIn(old)) {
      log.info({ revision, service: name, held }, 'held instances are back, or their time is up');
    }
    const shares = sharesText(split.shares);
    if (old !== undefined && (sharesText(old.split.shares) !== shares || old.split.source !== split.source)) {
      const since = toMicroseconds(inForceAt);
      log.info(
        { revision, service: name, split: shares, source: split.source, inForceAt: since },
        'split changed',
      );
    }
    if (split.source === 'unnamed' && old?.split.source !== 'unnamed') {
      log.warn(
        { revision, service: name },
        'every version that the weights name is dead: live versions that they do not name serve',
      );
    }
  }
};

/** Of thousands mostly a few are others than before; the rest are the same objects. */
const onlyIn = (rules: readonly Rule[], others: readonly Rule[]): ReadonlyMap<string, Rule> => {
  const same = new Set(others);
  return new Map(rules.filter(rule => !same.has(rule)).map(rule => [rule.id, rule]));
};

const servedBy = (rule: Rule | undefined): string | undefined =>
  rule?.backends.map(({ service }) => service).join(', ');

const heldIn = (state: ServiceState | undefined): number =>
  state?.instances.filter(({ heldUntil }) => heldUntil !== undefined).length ?? 0;

const sharesText = (shares: readonly { version: string; share: number }[]): string =>
  shares.map(({ version, share }) => `${version} ${formatShare(share)}`).join(', ');
