import type { Catalog, Health, Instance } from '../../src/core/model/instance.ts';

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
