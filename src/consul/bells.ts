import type { Timers } from '../telemetry/timers.ts';
import type { CheckAnswer, ServiceNames } from './answers.ts';
import type { ConsulClient } from './client.ts';
import { ConsulError } from './errors.ts';
import { type Continuity, watch } from './watch.ts';

/**
 * Three long polls that ring on every change of the catalog, and their differences, which mostly name where.
 *
 * - `/v1/catalog/services` rings on each registration and deregistration, also where only a port changed; it
 *   names services that are new, gone or have other tags.
 * - `/v1/health/state/critical` and `…/warning` list the checks that are not passing, so that every change of
 *   health comes or goes in one of them. One of the two is not enough: with a critical check anywhere, the
 *   critical list does not ring when another check turns from passing to warning (Consul 1.8).
 */
export interface Bells {
  /** All three are in an unbroken session. */
  areUp(): boolean;
  /** Names of the last list of services. */
  services(): readonly string[];
  lists(service: string): boolean;
  stop(): void;
}

export interface BellsOptions {
  readonly client: ConsulClient;
  readonly timers: Timers;
  readonly chance: () => number;
  /** Consul's own service was in the catalog that a process before this one knew. */
  readonly expectsConsul: boolean;
  /** A bell's session broke. */
  readonly onBreak: (error: unknown) => void;
  /** The last of the three came up. */
  readonly onUp: () => void;
  /** All are up, and at least one of them began anew: whatever was known may have changed. */
  readonly onReset: () => void;
  /** Something was registered or deregistered; `names` are the services that the list itself shows changed. */
  readonly onServices: (names: ReadonlySet<string>) => void;
  /** Most services are gone at once. That is more often a mishap of Consul's than what somebody wanted. */
  readonly onEmptied: (gone: number) => void;
  /** Checks of these services, and of these nodes as a whole, changed. */
  readonly onChecks: (services: ReadonlySet<string>, nodes: ReadonlySet<string>) => void;
}

type Bell = 'services' | 'critical' | 'warning';

const COUNT = 3;

export const ringBells = (options: BellsOptions): Bells => {
  const { client, timers, chance, onBreak, onUp, onReset, onServices, onEmptied, onChecks } = options;
  const { recovery } = client;
  const up = new Set<Bell>();
  let names: ServiceNames = new Map();
  let { expectsConsul } = options;

  /** Whether the answer is a change to be followed, rather than the beginning of a session. */
  const hear = (bell: Bell, continuity: Continuity): boolean => {
    if (continuity !== 'reset') return up.size === COUNT;
    const wasUp = up.size === COUNT;
    up.add(bell);
    if (up.size < COUNT) return false;
    if (!wasUp) onUp();
    onReset();
    return false;
  };

  const broke = (bell: Bell) => (error: unknown) => {
    up.delete(bell);
    onBreak(error);
  };

  const ringChecks = (state: 'critical' | 'warning') => {
    let checks: Checks = new Map();
    return watch({
      recovery,
      timers,
      chance,
      read: async ask => {
        const answer = await client.healthState(state, ask);
        return { ...answer, data: byKey(answer.data, checks) };
      },
      isSame: (a, b) => difference(a, b).next().done === true,
      onBreak: broke(state),
      onAnswer: (data, continuity) => {
        const changed = [...difference(checks, data)];
        checks = data;
        if (!hear(state, continuity)) return;
        const ofNodes = changed.filter(check => check.ServiceName === '');
        const ofServices = changed.filter(check => check.ServiceName !== '');
        onChecks(new Set(ofServices.map(c => c.ServiceName)), new Set(ofNodes.map(c => c.Node)));
      },
    });
  };

  const watches = [
    watch({
      recovery,
      timers,
      chance,
      // The list looks the same when only an address or a port changed; its index tells.
      read: async ask => {
        const answer = await client.catalogServices(ask);
        if (expectsConsul && answer.data.size === 0) throw nothingListed();
        expectsConsul ||= answer.data.has(CONSUL);
        return { ...answer, data: { names: withKnownTags(answer.data, names), index: answer.index } };
      },
      isSame: (a, b) => a.index === b.index,
      onBreak: broke('services'),
      onAnswer: (data, continuity) => {
        const before = names;
        names = data.names;
        if (!hear('services', continuity)) return;
        const gone = countGone(before, names);
        if (gone >= FEW && gone > before.size / 2) onEmptied(gone);
        else onServices(changedNames(before, names));
      },
    }),
    ringChecks('critical'),
    ringChecks('warning'),
  ];

  return {
    areUp: () => up.size === COUNT,
    services: () => [...names.keys()],
    lists: service => names.has(service),
    stop: () => {
      for (const each of watches) each.stop();
    },
  };
};

/** The name of Consul's servers in their own catalog. */
const CONSUL = 'consul';

/** Fewer services than these may well be deregistered at once. */
const FEW = 3;

/** Consul never forgets its own service but for a moment: what was visible to the token is so no more. */
const nothingListed = (): ConsulError =>
  new ConsulError('forbidden', 'Consul lists no services any more, not even its own', {
    hint: 'the token may have lost service:read and node:read (docs/operations.md)',
  });

const countGone = (before: ServiceNames, after: ServiceNames): number => {
  let gone = 0;
  for (const name of before.keys()) if (!after.has(name)) gone += 1;
  return gone;
};

type Checks = ReadonlyMap<string, CheckAnswer>;

/** In a storm such lists come ten times a second: what is as before stays the same object, so that little lives on. */
const byKey = (checks: readonly CheckAnswer[], known: Checks): Checks => {
  const keyed = new Map<string, CheckAnswer>();
  for (const check of checks) {
    const key = `${check.Node}\n${check.CheckID}`;
    const before = known.get(key);
    keyed.set(key, before?.ServiceName === check.ServiceName ? before : check);
  }
  return keyed;
};

/** The checks that are in one of the two only. */
const difference = function* (a: Checks, b: Checks): Generator<CheckAnswer, undefined> {
  for (const [key, check] of a) if (!b.has(key)) yield check;
  for (const [key, check] of b) if (!a.has(key)) yield check;
};

/** After `withKnownTags`. */
const changedNames = (before: ServiceNames, after: ServiceNames): Set<string> => {
  const changed = new Set<string>();
  for (const name of before.keys()) if (!after.has(name)) changed.add(name);
  for (const [name, tags] of after) if (before.get(name) !== tags) changed.add(name);
  return changed;
};

const withKnownTags = (names: ServiceNames, known: ServiceNames): ServiceNames => {
  const next = new Map<string, readonly string[]>();
  for (const [name, tags] of names) {
    const before = known.get(name);
    next.set(name, before !== undefined && isSameSet(before, tags) ? before : tags);
  }
  return next;
};

/** Consul lists the tags of a service in another order at each read. */
const isSameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every(tag => b.includes(tag));
