import type { Fleet } from '../src/core/balance/fleet.ts';
import { type Decision, decide, isGated, isOwnAnswer, type Refusal } from '../src/core/decide/decide.ts';
import { createGate } from '../src/core/decide/gate.ts';
import { NO_PINS, type Picking } from '../src/core/decide/picking.ts';
import { compileRoutes, type RouteTable } from '../src/core/match/match.ts';
import type { Instance, LivePolicy } from '../src/core/model/instance.ts';
import { Where } from '../src/core/model/where.ts';
import type { RequestFacts } from '../src/core/request-facts.ts';
import type { WeightSource } from './admin-weights.ts';
import { meshRule } from './mesh-rule.ts';

/**
 * Follows one service.
 *
 * @param onInstances called with every instance that Consul lists or that is held, whatever its health
 * @returns how to end it
 */
export type FollowInstances = (
  service: string,
  onInstances: (instances: readonly Instance[]) => void,
) => () => void;

export interface CalledOptions {
  readonly follow: FollowInstances;
  readonly weights: WeightSource;
  readonly policy: LivePolicy;
  readonly tagPrefix: string;
  /** Instances that are spoken to in another protocol are no instances for this caller. Default: `any`. */
  readonly speaks?: 'any' | 'http';
  /** Default: no request names its version. */
  readonly picking?: Picking;
  /** Load and health of the instances: whoever carries a request tells it there. */
  readonly fleet: Fleet;
  /** Draws from [0, 1). */
  readonly chance: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** How long a first call waits for the first answers. */
  readonly firstAnswerMs?: number;
}

export interface CalledServices {
  readonly fleet: Fleet;
  /**
   * To be awaited before the first `decide`: follows the service, if it isn't yet. Undefined where there is
   * nothing to wait for. Never rejects, and never takes long.
   */
  prepare(service: string): Promise<void> | undefined;
  /** Where a call to `http://SERVICE.mesh/…` goes. */
  decide(service: string, facts: RequestFacts): Decision | Refusal;
  /** Follows nothing any more; calls still go to where they went last. */
  close(): void;
}

/** A service that nobody called for so long is followed no more. */
const IDLE_MS = 10 * 60_000;
/** Each followed service costs one long poll; at the limit the one called the longest ago gives way. */
export const MOST_CALLED = 64;

interface Entry {
  /** Consul and the weights have answered once, or waiting for them is over: undefined from then on. */
  first: Promise<void> | undefined;
  /** Undefined until Consul has answered. */
  instances: readonly Instance[] | undefined;
  table: RouteTable;
  calledAt: number;
  end: () => void;
}

/**
 * The services that this process calls: each followed from its first call on, so that later calls find its
 * instances in memory.
 */
export const createCalledServices = (options: CalledOptions): CalledServices => {
  const {
    weights,
    policy,
    tagPrefix,
    speaks = 'any',
    fleet,
    picking = NO_PINS,
    chance,
    now,
    firstAnswerMs = 2_000,
  } = options;
  const entries = new Map<string, Entry>();
  let closed = false;

  const compile = (service: string, entry: Entry): void => {
    const { instances = [] } = entry;
    const stored = weights.current().get(service);
    entry.table = compileRoutes([meshRule({ service, instances, stored, policy, tagPrefix, speaks })]);
  };
  const stopWeights = weights.onChange(() => {
    for (const [service, entry] of entries) compile(service, entry);
  });

  const follow = (service: string): Entry => {
    const answered = createGate();
    // The name counts from here on: `follow` of the weights replaces the whole set.
    const firstWeights = weights.follow([...entries.keys(), service], firstAnswerMs);
    const entry: Entry = {
      first: Promise.all([answered.opened, firstWeights]).then(() => {
        entry.first = undefined;
        compile(service, entry);
      }),
      instances: undefined,
      table: compileRoutes([]),
      calledAt: now(),
      end: () => {},
    };
    entries.set(service, entry);
    const timer = setTimeout(answered.open, firstAnswerMs);
    const end = options.follow(service, instances => {
      entry.instances = instances;
      compile(service, entry);
      clearTimeout(timer);
      answered.open();
    });
    entry.end = () => {
      clearTimeout(timer);
      answered.open();
      end();
    };
    return entry;
  };

  const drop = (service: string): void => {
    entries.get(service)?.end();
    entries.delete(service);
  };
  const makeRoom = (): void => {
    const byAge = [...entries].sort(([, a], [, b]) => a.calledAt - b.calledAt);
    for (const [service] of byAge.slice(0, Math.max(0, entries.size - MOST_CALLED + 1))) drop(service);
  };
  const sweeper = setInterval(() => {
    for (const [service, entry] of entries) if (now() - entry.calledAt > IDLE_MS) drop(service);
  }, IDLE_MS / 10).unref();

  return {
    fleet,
    prepare: service => {
      let entry = entries.get(service);
      if (entry === undefined) {
        if (closed) return undefined;
        makeRoom();
        entry = follow(service);
      }
      entry.calledAt = now();
      return entry.first;
    },
    decide: (service, facts) => {
      const entry = entries.get(service);
      if (entry?.instances === undefined) return { code: 'no_instance', where: new Where('', service, '') };
      if (entry.instances.length === 0) return { code: 'no_route', where: new Where('', service, '') };
      const outcome = decide(entry.table, facts, fleet, now(), chance, picking);
      // The rule of a service under its own name has no filters, and only those answer or ask by themselves.
      return isOwnAnswer(outcome) || isGated(outcome) ? { code: 'internal', where: outcome.where } : outcome;
    },
    close: () => {
      closed = true;
      clearInterval(sweeper);
      stopWeights();
      for (const entry of entries.values()) entry.end();
    },
  };
};
