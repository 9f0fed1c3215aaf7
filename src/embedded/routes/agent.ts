import { createHash } from 'node:crypto';
import type { Catalog } from '../catalog.ts';
import { checkBody, readCheck } from '../check-definition.ts';
import { decodeBody, struct, text } from '../decode.ts';
import { ApiError } from '../errors.ts';
import type { LocalAgent } from '../local-agent.ts';
import type { Answer, ApiRequest, Route } from '../routing.ts';
import { type CheckRow, type CheckStatus, isCheckStatus, type NodeRow, type ServiceRow } from '../rows.ts';
import { SERF_CHECK, SERVER_SERVICE } from '../self.ts';
import { readService, serviceBody } from '../service-definition.ts';
import { isSet, readFlag } from './params.ts';

/** The version of Consul whose answers this agent gives. */
const SPOKEN_VERSION = '1.8.7';

const OK: Answer = {};

const updateBody = struct({ Status: text, Output: text });

/** `/v1/agent/…`: what services call, and this node's own view. Its lists carry no index and do not block. */
export const agentRoutes = (agent: LocalAgent, catalog: Catalog, self: NodeRow): Route[] => {
  const node = self.Node;

  const setTtl =
    (status: CheckStatus) =>
    ({ rest, params }: ApiRequest): Answer => {
      agent.updateTtl(rest, status, params.get('note') ?? '');
      return OK;
    };

  return [
    {
      method: 'PUT',
      path: '/v1/agent/service/register',
      handle: ({ body, params }) => {
        const service = readService(decodeBody(body, serviceBody), node);
        agent.register(service, { replaceChecks: isSet(params, 'replace-existing-checks') });
        return OK;
      },
    },
    {
      method: 'PUT',
      path: '/v1/agent/service/deregister/',
      handle: ({ rest }) => {
        if (rest === '') throw new ApiError(500, 'ServiceID missing');
        agent.deregister(rest);
        return OK;
      },
    },
    {
      method: 'PUT',
      path: '/v1/agent/service/maintenance/',
      handle: ({ rest, params }) => {
        if (rest === '') throw new ApiError(400, 'Missing service ID');
        const enable = params.get('enable') ?? '';
        if (enable === '') throw new ApiError(400, 'Missing value for enable');
        agent.setMaintenance(rest, readFlag('enable', enable), params.get('reason') ?? '');
        return OK;
      },
    },
    {
      method: 'PUT',
      path: '/v1/agent/check/register',
      handle: ({ body }) => {
        const check = decodeBody(body, checkBody);
        const name = check.Name ?? '';
        if (name === '') throw new ApiError(400, 'Missing check name');
        agent.registerCheck(readCheck(check, { id: name, name }), check.ServiceID ?? '');
        return OK;
      },
    },
    {
      method: 'PUT',
      path: '/v1/agent/check/deregister/',
      handle: ({ rest }) => {
        agent.deregisterCheck(rest);
        return OK;
      },
    },
    { method: 'PUT', path: '/v1/agent/check/pass/', handle: setTtl('passing') },
    { method: 'PUT', path: '/v1/agent/check/warn/', handle: setTtl('warning') },
    { method: 'PUT', path: '/v1/agent/check/fail/', handle: setTtl('critical') },
    {
      method: 'PUT',
      path: '/v1/agent/check/update/',
      handle: ({ rest, body }) => {
        const { Status = '', Output = '' } = decodeBody(body, updateBody);
        if (!isCheckStatus(Status)) throw new ApiError(400, `Invalid check status: '${Status}'`);
        agent.updateTtl(rest, Status, Output);
        return OK;
      },
    },
    {
      method: 'GET',
      path: '/v1/agent/services',
      handle: () => ({
        json: Object.fromEntries(
          catalog
            .services(row => row.Node === node && row.ID !== SERVER_SERVICE)
            .map(row => [row.ID, agentService(row)]),
        ),
      }),
    },
    {
      method: 'GET',
      path: '/v1/agent/service/',
      handle: ({ rest }) => {
        const row = catalog.service(node, rest);
        if (row === undefined) throw new ApiError(404, `unknown service ID: ${rest}`);
        const service = agentService(row);
        const hash = createHash('sha256').update(JSON.stringify(service)).digest('hex').slice(0, 16);
        return { json: { ...service, ContentHash: hash } };
      },
    },
    {
      method: 'GET',
      path: '/v1/agent/checks',
      handle: () => ({
        json: Object.fromEntries(
          catalog
            .checks(row => row.Node === node && row.CheckID !== SERF_CHECK)
            .map(row => [row.CheckID, agentCheck(row)]),
        ),
      }),
    },
    { method: 'GET', path: '/v1/agent/self', handle: () => ({ json: describeSelf(self) }) },
  ];
};

const agentService = (row: ServiceRow): Record<string, unknown> => ({
  ID: row.ID,
  Service: row.Service,
  Tags: row.Tags,
  Meta: row.Meta,
  Port: row.Port,
  Address: row.Address,
  TaggedAddresses: row.TaggedAddresses,
  Weights: row.Weights,
  EnableTagOverride: row.EnableTagOverride,
});

/** The agent knows nothing of the catalog's indexes. */
const agentCheck = (row: CheckRow): Record<string, unknown> => ({
  ...row,
  Definition: {},
  CreateIndex: 0,
  ModifyIndex: 0,
});

const describeSelf = (self: NodeRow): unknown => ({
  Config: {
    Datacenter: self.Datacenter,
    NodeName: self.Node,
    NodeID: self.ID,
    Revision: '',
    Server: true,
    Version: SPOKEN_VERSION,
  },
  Member: {
    Name: self.Node,
    Addr: self.Address,
    Tags: { dc: self.Datacenter, id: self.ID, role: 'consul' },
    Status: 1,
  },
  Meta: { 'sluice-embedded': 'true' },
});
