import { isIP } from 'node:net';
import { type CheckDefinition, checkBody, isEmptyCheck, readCheck } from './check-definition.ts';
import { anything, flag, integer, listOf, mapOf, type Reader, type Struct, struct, text } from './decode.ts';
import { ApiError } from './errors.ts';
import type { ServiceRow } from './rows.ts';
import { refuseUnsupported } from './unsupported.ts';

/** What a service may say of itself to the agent and to the catalog, with the names of Consul's API. */
export const commonServiceFields = {
  ID: text,
  Tags: listOf(text),
  Meta: mapOf(text),
  Address: text,
  TaggedAddresses: mapOf(struct({ Address: text, Port: integer })),
  Port: integer,
  Weights: struct({ Passing: integer, Warning: integer }),
  EnableTagOverride: flag,
  Kind: anything,
  Proxy: anything,
  Connect: anything,
  Namespace: anything,
} satisfies Record<string, Reader<unknown>>;

const serviceFields = {
  ...commonServiceFields,
  Name: text,
  Check: checkBody,
  Checks: listOf(checkBody),
  Token: text,
} satisfies Record<string, Reader<unknown>>;

export const serviceBody = struct(serviceFields, {
  enable_tag_override: 'EnableTagOverride',
  tagged_addresses: 'TaggedAddresses',
});

export type ServiceBody = Struct<typeof serviceFields>;

export interface ServiceDefinition {
  readonly row: ServiceRow;
  readonly checks: readonly CheckDefinition[];
}

/** @throws ApiError with Consul's own words */
export const readService = (body: ServiceBody, node: string): ServiceDefinition => {
  const name = body.Name ?? '';
  if (name === '') throw new ApiError(400, 'Missing service name');
  const address = body.Address ?? '';
  if (address === '0.0.0.0' || address === '::' || address === '[::]') {
    throw new ApiError(400, 'Invalid service address');
  }
  const meta = body.Meta ?? {};
  refuseBadMeta(meta);
  refuseUnsupported('service', { Kind: body.Kind, Proxy: body.Proxy, Connect: body.Connect });
  const id = body.ID || name;
  const port = body.Port ?? 0;
  const taggedAddresses = readTaggedAddresses(body, address, port);
  const row: ServiceRow = {
    Node: node,
    ID: id,
    Service: name,
    Tags: body.Tags ?? [],
    Meta: meta,
    Port: port,
    Address: address,
    ...(Object.keys(taggedAddresses).length === 0 ? {} : { TaggedAddresses: taggedAddresses }),
    Weights: readWeights(body.Weights),
    EnableTagOverride: body.EnableTagOverride ?? false,
  };
  return { row, checks: readServiceChecks(body, id, name) };
};

const readServiceChecks = (body: ServiceBody, id: string, name: string): CheckDefinition[] => {
  const written = [body.Check, ...(body.Checks ?? [])].filter(
    check => check !== undefined && !isEmptyCheck(check),
  );
  return written.map((check, i) =>
    readCheck(check ?? {}, {
      id: written.length === 1 ? `service:${id}` : `service:${id}:${i + 1}`,
      name: `Service '${name}' check`,
    }),
  );
};

const readWeights = (weights: ServiceBody['Weights']): ServiceRow['Weights'] => {
  if (weights === undefined) return { Passing: 1, Warning: 1 };
  const { Passing = 0, Warning = 0 } = weights;
  if (Passing < 1) throw new ApiError(400, 'Invalid Weights: Passing must be greater than 0');
  if (Warning < 0) throw new ApiError(400, 'Invalid Weights: Warning must be greater or equal than 0');
  if (Passing > 65_535 || Warning > 65_535) {
    throw new ApiError(400, 'Invalid Weights: DNS Weight must be between 0 and 65535');
  }
  return { Passing, Warning };
};

const refuseBadMeta = (meta: Readonly<Record<string, string>>): void => {
  const pairs = Object.entries(meta);
  const because = (why: string): never => {
    throw new ApiError(400, `Invalid Service Meta: ${why}`);
  };
  if (pairs.length > 64) because('Node metadata cannot contain more than 64 key/value pairs');
  for (const [key, value] of pairs) {
    const pair = `Couldn't load metadata pair ('${key}', '${value}')`;
    if (key === '') because(`${pair}: Key cannot be blank`);
    if (!/^[a-zA-Z0-9_-]+$/.test(key)) because(`${pair}: Key contains invalid characters`);
    if (key.length > 128) because(`${pair}: Key is too long (limit: 128 characters)`);
    if (value.length > 512) because(`${pair}: Value is too long (limit: 512 characters)`);
  }
};

/** Consul adds the service's own address by its family; what the service itself says counts more. */
const readTaggedAddresses = (
  { TaggedAddresses: given = {} }: ServiceBody,
  address: string,
  port: number,
): NonNullable<ServiceRow['TaggedAddresses']> => {
  const family = isIP(address);
  const own = { Address: address, Port: port };
  return {
    ...(family === 0 ? {} : { [`lan_ipv${family}`]: own, [`wan_ipv${family}`]: own }),
    ...Object.fromEntries(
      Object.entries(given).map(([tag, { Address = '', Port = 0 }]) => [tag, { Address, Port }]),
    ),
  };
};
