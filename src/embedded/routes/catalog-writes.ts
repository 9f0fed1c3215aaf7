import type { Catalog } from '../catalog.ts';
import type { Changes } from '../changes.ts';
import {
  anything,
  decodeBody,
  flag,
  listOf,
  mapOf,
  type Reader,
  type Struct,
  struct,
  text,
} from '../decode.ts';
import { ApiError } from '../errors.ts';
import type { Answer, Route } from '../routing.ts';
import { type CheckRow, isCheckStatus, type NodeRow } from '../rows.ts';
import { commonServiceFields, readService } from '../service-definition.ts';

/** `/v1/catalog/register` and `…/deregister`: nodes without an agent of their own, and what runs on them. */
export const catalogWriteRoutes = (catalog: Catalog, changes: Changes, self: NodeRow): Route[] => [
  {
    method: 'PUT',
    path: '/v1/catalog/register',
    handle: ({ body }): Answer => {
      const registration = decodeBody(body, registrationBody);
      const node = readNode(registration, self);
      const service =
        registration.Service === undefined
          ? undefined
          : readService({ ...registration.Service, Name: registration.Service.Service ?? '' }, node.Node).row;
      const checks = [registration.Check, ...(registration.Checks ?? [])]
        .filter(check => check !== undefined)
        .map(check => {
          const id = check.ServiceID ?? '';
          const of = service?.ID === id ? service : catalog.service(node.Node, id);
          if (id !== '' && of === undefined) {
            throw new ApiError(
              500,
              `failed inserting check: Missing service registration on node "${node.Node}"`,
            );
          }
          return readCheckRow(check, node.Node, of?.Service ?? '', of?.Tags ?? []);
        });
      changes.commit(moment => {
        catalog.putNode(moment, node);
        if (service !== undefined) catalog.putService(moment, service);
        for (const check of checks) catalog.putCheck(moment, check);
      });
      return { json: true };
    },
  },
  {
    method: 'PUT',
    path: '/v1/catalog/deregister',
    handle: ({ body }): Answer => {
      const { Node = '', ServiceID = '', CheckID = '' } = decodeBody(body, deregistrationBody);
      if (Node === '') throw new ApiError(500, 'Must provide node');
      refuseOwn(Node, self);
      changes.commit(moment => {
        if (ServiceID !== '') catalog.removeService(moment, Node, ServiceID);
        if (CheckID !== '') catalog.removeCheck(moment, Node, CheckID);
        if (ServiceID === '' && CheckID === '') catalog.removeNode(moment, Node);
      });
      return { json: true };
    },
  },
];

const checkFields = {
  Node: text,
  CheckID: text,
  Name: text,
  Status: text,
  Notes: text,
  Output: text,
  ServiceID: text,
  ServiceName: text,
  ServiceTags: listOf(text),
  Type: text,
  Definition: anything,
} satisfies Record<string, Reader<unknown>>;

const registrationFields = {
  ID: text,
  Node: text,
  Address: text,
  Datacenter: text,
  TaggedAddresses: mapOf(text),
  NodeMeta: mapOf(text),
  Service: struct({ ...commonServiceFields, Service: text }),
  Check: struct(checkFields),
  Checks: listOf(struct(checkFields)),
  SkipNodeUpdate: flag,
} satisfies Record<string, Reader<unknown>>;

const registrationBody = struct(registrationFields);

const deregistrationBody = struct({ Node: text, ServiceID: text, CheckID: text, Datacenter: text });

const readNode = (registration: Struct<typeof registrationFields>, self: NodeRow): NodeRow => {
  const { ID = '', Node = '', Address = '', TaggedAddresses = null, NodeMeta = null } = registration;
  if (Node === '') throw new ApiError(500, 'Must provide node');
  if (Address === '') throw new ApiError(500, 'Must provide address if SkipNodeUpdate is not set');
  refuseOwn(Node, self);
  return { ID, Node, Address, Datacenter: self.Datacenter, TaggedAddresses, Meta: NodeMeta };
};

/** Consul takes it and undoes it a minute later, when the agent puts its own node in order. */
const refuseOwn = (node: string, self: NodeRow): void => {
  if (node !== self.Node) return;
  throw new ApiError(
    400,
    `The services of node "${node}" are registered with PUT /v1/agent/service/register`,
  );
};

const readCheckRow = (
  check: Struct<typeof checkFields>,
  node: string,
  service: string,
  tags: readonly string[],
): CheckRow => {
  const { Name = '', CheckID = Name, Status: status = 'critical' } = check;
  if (CheckID === '') throw new ApiError(500, 'failed inserting check: it has neither CheckID nor Name');
  if (!isCheckStatus(status)) throw new ApiError(400, `Invalid check status: '${status}'`);
  return {
    Node: node,
    CheckID,
    Name,
    Status: status,
    Notes: check.Notes ?? '',
    Output: check.Output ?? '',
    ServiceID: check.ServiceID ?? '',
    ServiceName: service,
    ServiceTags: tags,
    Type: check.Type ?? '',
  };
};
