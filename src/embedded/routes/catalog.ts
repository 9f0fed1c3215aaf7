import type { Query } from '../blocking.ts';
import type { Catalog } from '../catalog.ts';
import { ApiError } from '../errors.ts';
import type { Answer, Route } from '../routing.ts';
import type { NodeRow, ServiceRow, Stored } from '../rows.ts';

/** `/v1/catalog/…` and `/v1/status/leader`: who is registered, whatever its health. */
export const catalogRoutes = (catalog: Catalog, leader: () => string): Route[] => [
  { method: 'GET', path: '/v1/status/leader', handle: () => ({ json: leader() }) },
  {
    method: 'GET',
    path: '/v1/catalog/services',
    handle: (): Query<Answer> => ({
      topic: 'services',
      index: () => catalog.servicesIndex,
      answer: () => ({ json: namesWithTags(catalog.services()) }),
    }),
  },
  {
    method: 'GET',
    path: '/v1/catalog/service/',
    handle: ({ rest: name, params }): Query<Answer> => {
      if (name === '') throw new ApiError(400, 'Missing service name');
      return {
        topic: `service:${name}`,
        index: () => catalog.serviceIndex(name),
        answer: () => ({
          json: catalog
            .services(isNamed(name, params))
            .map(row => catalogService(row, catalog.node(row.Node))),
        }),
      };
    },
  },
  {
    method: 'GET',
    path: '/v1/catalog/nodes',
    handle: (): Query<Answer> => ({
      topic: 'nodes',
      index: () => catalog.nodesIndex,
      answer: () => ({ json: catalog.nodes() }),
    }),
  },
];

/** Instances of a service that have every `?tag=`, in any case. */
export const isNamed = (name: string, params: URLSearchParams): ((row: ServiceRow) => boolean) => {
  const wanted = params.getAll('tag').filter(tag => tag !== '');
  return row => {
    if (row.Service !== name) return false;
    const tags = new Set(row.Tags.map(tag => tag.toLowerCase()));
    return wanted.every(tag => tags.has(tag.toLowerCase()));
  };
};

const namesWithTags = (rows: readonly ServiceRow[]): Record<string, string[]> => {
  const tags = new Map<string, Set<string>>();
  for (const row of rows) tags.set(row.Service, new Set([...(tags.get(row.Service) ?? []), ...row.Tags]));
  return Object.fromEntries([...tags].sort().map(([name, of]) => [name, [...of].sort()]));
};

const catalogService = (row: Stored<ServiceRow>, node: NodeRow | undefined): unknown => ({
  ID: node?.ID ?? '',
  Node: row.Node,
  Address: node?.Address ?? '',
  Datacenter: node?.Datacenter ?? '',
  TaggedAddresses: node?.TaggedAddresses ?? null,
  NodeMeta: node?.Meta ?? null,
  ServiceKind: '',
  ServiceID: row.ID,
  ServiceName: row.Service,
  ServiceTags: row.Tags,
  ServiceAddress: row.Address,
  ServiceTaggedAddresses: row.TaggedAddresses,
  ServiceWeights: row.Weights,
  ServiceMeta: row.Meta,
  ServicePort: row.Port,
  ServiceEnableTagOverride: row.EnableTagOverride,
  ServiceProxy: { MeshGateway: {}, Expose: {} },
  ServiceConnect: {},
  CreateIndex: row.CreateIndex,
  ModifyIndex: row.ModifyIndex,
});
