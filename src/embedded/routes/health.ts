import type { Query } from '../blocking.ts';
import type { Catalog } from '../catalog.ts';
import { ApiError } from '../errors.ts';
import type { Answer, Route } from '../routing.ts';
import type { CheckRow, ServiceRow, Stored } from '../rows.ts';
import { isNamed } from './catalog.ts';
import { isSet } from './params.ts';

/** `/v1/health/…`: instances with their checks, and checks by state. */
export const healthRoutes = (catalog: Catalog): Route[] => [
  {
    method: 'GET',
    path: '/v1/health/service/',
    handle: ({ rest: name, params }): Query<Answer> => {
      if (name === '') throw new ApiError(400, 'Missing service name');
      const passing = isSet(params, 'passing');
      return {
        topic: `service:${name}`,
        index: () => catalog.serviceIndex(name),
        answer: () => ({
          json: entries(catalog, catalog.services(isNamed(name, params)), passing),
        }),
      };
    },
  },
  {
    method: 'GET',
    path: '/v1/health/checks/',
    handle: ({ rest: name }): Query<Answer> => {
      if (name === '') throw new ApiError(400, 'Missing service name');
      return {
        topic: `service:${name}`,
        index: () => catalog.checksIndex,
        answer: () => ({ json: checksWhere(catalog, check => check.ServiceName === name) }),
      };
    },
  },
  {
    method: 'GET',
    path: '/v1/health/state/',
    handle: ({ rest: state }): Query<Answer> => {
      if (state === '') throw new ApiError(400, 'Missing check state');
      return {
        topic: state === 'any' ? 'checks' : `state:${state}`,
        index: () => catalog.checksIndex,
        answer: () => ({ json: checksWhere(catalog, check => state === 'any' || check.Status === state) }),
      };
    },
  },
];

const checksWhere = (catalog: Catalog, fits: (check: CheckRow) => boolean): unknown[] =>
  catalog.checks(fits).map(healthCheck);

const healthCheck = ({ CreateIndex, ModifyIndex, ...row }: Stored<CheckRow>): unknown => ({
  ...row,
  Definition: {},
  CreateIndex,
  ModifyIndex,
});

const entries = (catalog: Catalog, rows: readonly Stored<ServiceRow>[], passing: boolean): unknown[] =>
  rows.flatMap(({ Node, ...row }) => {
    const checks = [
      ...catalog.checks(check => check.Node === Node && check.ServiceID === ''),
      ...catalog.checks(check => check.Node === Node && check.ServiceID === row.ID),
    ];
    if (passing && checks.some(check => check.Status !== 'passing')) return [];
    return [{ Node: catalog.node(Node), Service: healthService(row), Checks: checks.map(healthCheck) }];
  });

const healthService = ({
  CreateIndex,
  ModifyIndex,
  Meta,
  ...row
}: Omit<Stored<ServiceRow>, 'Node'>): unknown => ({
  ...row,
  Meta: Object.keys(Meta).length === 0 ? null : Meta,
  Proxy: { MeshGateway: {}, Expose: {} },
  Connect: {},
  CreateIndex,
  ModifyIndex,
});
