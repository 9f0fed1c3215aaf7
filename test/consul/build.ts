import type { Timers } from '../../src/consul/timers.ts';
import type { Catalog, Health, Instance } from '../../src/core/model.ts';

/** A passing instance `n1/ID@127.0.0.1:80` of the service `orders`. */
export const instance = (id: string, over: Partial<Instance> = {}): Instance => {
  const { service = 'orders', node = 'n1', address = '127.0.0.1', port = 80 } = over;
  return {
    id: `${node}/${id}@${address}:${port}`,
    service,
    serviceId: id,
    node,
    address,
    port,
    health: 'passing',
    tags: [],
    weight: 1,
    createIndex: 10,
    modifyIndex: 10,
    ...over,
  };
};

export const catalogOf = (...instances: readonly Instance[]): Catalog => {
  const catalog = new Map<string, Instance[]>();
  for (const each of instances) catalog.set(each.service, [...(catalog.get(each.service) ?? []), each]);
  return catalog;
};

/** `a` for one that is passing, `a critical`, `a passing until 60` for a held one. */
export const shown = (catalog: Catalog): string[] =>
  [...catalog.values()].flat().map(({ serviceId, health, heldUntil }) => {
    const held = heldUntil === undefined ? '' : ` until ${heldUntil}`;
    return `${serviceId}${health === 'passing' && held === '' ? '' : ` ${health}`}${held}`;
  });

export const healthOf = (catalog: Catalog | undefined, service: string): Health | undefined =>
  catalog?.get(service)?.[0]?.health;

/** Time that stands still until it is turned; both clocks begin at 0. */
export interface FakeTimers extends Timers {
  /** Milliseconds that were asked for and are not over, soonest first. */
  waiting(): readonly number[];
  /** Lets time pass, calling what falls due in order, with a turn of the event loop after each. */
  turn(ms: number): Promise<void>;
}

export const createFakeTimers = (): FakeTimers => {
  let now = 0;
  let pending: { at: number; run: () => void }[] = [];
  const rest = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
  return {
    now: () => now,
    wall: () => now,
    after: (ms, run) => {
      const entry = { at: now + ms, run };
      pending = [...pending, entry].sort((a, b) => a.at - b.at);
      return () => {
        pending = pending.filter(each => each !== entry);
      };
    },
    waiting: () => pending.map(({ at }) => at - now),
    turn: async ms => {
      const end = now + ms;
      await rest();
      for (let due = pending[0]; due !== undefined && due.at <= end; due = pending[0]) {
        pending = pending.slice(1);
        now = due.at;
        due.run();
        await rest();
      }
      now = end;
    },
  };
};
