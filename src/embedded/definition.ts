import { isIP } from 'node:net';
import {
  anything,
  duration,
  flag,
  integer,
  listOf,
  mapOf,
  type Reader,
  type Struct,
  struct,
  text,
} from './decode.ts';
import { ApiError } from './errors.ts';
import { type CheckStatus, isCheckStatus, type ServiceRow } from './rows.ts';

/** What services and checks may say of themselves, with the names and the refusals of Consul's agent API. */

const checkFields = {
  ID: text,
  CheckID: text,
  Name: text,
  Notes: text,
  Status: text,
  ServiceID: text,
  TTL: duration,
  HTTP: text,
  Header: mapOf(listOf(text)),
  Method: text,
  Body: text,
  TCP: text,
  Interval: duration,
  Timeout: duration,
  TLSSkipVerify: flag,
  DeregisterCriticalServiceAfter: duration,
  Token: text,
  Args: anything,
  ScriptArgs: anything,
  GRPC: anything,
  GRPCUseTLS: anything,
  DockerContainerID: anything,
  Shell: anything,
  AliasNode: anything,
  AliasService: anything,
  SuccessBeforePassing: anything,
  FailuresBeforeCritical: anything,
  OutputMaxSize: anything,
} satisfies Record<string, Reader<unknown>>;

export const checkBody = struct(checkFields, {
  deregister_critical_service_after: 'DeregisterCriticalServiceAfter',
  docker_container_id: 'DockerContainerID',
  script_args: 'ScriptArgs',
  service_id: 'ServiceID',
  tls_skip_verify: 'TLSSkipVerify',
});

export type CheckBody = Struct<typeof checkFields>;

const serviceFields = {
  ID: text,
  Name: text,
  Tags: listOf(text),
  Meta: mapOf(text),
  Address: text,
  TaggedAddresses: mapOf(struct({ Address: text, Port: integer })),
  Port: integer,
  Weights: struct({ Passing: integer, Warning: integer }),
  EnableTagOverride: flag,
  Check: checkBody,
  Checks: listOf(checkBody),
  Token: text,
  Kind: anything,
  Proxy: anything,
  Connect: anything,
  Namespace: anything,
} satisfies Record<string, Reader<unknown>>;

export const serviceBody = struct(serviceFields, {
  enable_tag_override: 'EnableTagOverride',
  tagged_addresses: 'TaggedAddresses',
});

export type ServiceBody = Struct<typeof serviceFields>;

export type CheckKind =
  | { readonly type: 'ttl'; readonly ttlMs: number }
  | {
      readonly type: 'http';
      readonly url: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, readonly string[]>>;
      readonly body: string;
      readonly skipTlsVerify: boolean;
      readonly intervalMs: number;
      readonly timeoutMs: number;
    }
  | {
      readonly type: 'tcp';
      readonly address: string;
      readonly intervalMs: number;
      readonly timeoutMs: number;
    };

/** A check as it is to be run. */
export interface CheckDefinition {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  /** What it is until the first verdict. */
  readonly status: CheckStatus;
  readonly kind: CheckKind;
  /** A service that is critical for so long is taken out of the catalog. */
  readonly deregisterAfterMs?: number;
}

export interface ServiceDefinition {
  readonly row: ServiceRow;
  readonly checks: readonly CheckDefinition[];
}

const MIN_INTERVAL_MS = 1_000;
const MAX_TIMEOUT_MS = 10_000;
const MIN_DEREGISTER_MS = 60_000;

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
  const id = body.ID === undefined || body.ID === '' ? name : body.ID;
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
    check => check !== undefined && !isEmpty(check),
  );
  return written.map((check, i) =>
    readCheck(check ?? {}, {
      id: written.length === 1 ? `service:${id}` : `service:${id}:${i + 1}`,
      name: `Service '${name}' check`,
    }),
  );
};

/** `Check: {}` and a zero TTL alone say nothing: Consul takes them for no check. */
const isEmpty = (check: CheckBody): boolean =>
  Object.values(check).every(v => v === '' || v === 0 || v === false);

/**
 * @param defaults identity of a check that does not name its own
 * @throws ApiError with Consul's own words
 */
export const readCheck = (body: CheckBody, defaults: { id: string; name: string }): CheckDefinition => {
  const status = body.Status === undefined || body.Status === '' ? 'critical' : body.Status;
  if (!isCheckStatus(status)) {
    throw new ApiError(400, "Status for checks must 'passing', 'warning', 'critical'");
  }
  const after = body.DeregisterCriticalServiceAfter ?? 0;
  return {
    id: body.CheckID || body.ID || defaults.id,
    name: body.Name || defaults.name,
    notes: body.Notes ?? '',
    status,
    kind: readKind(body),
    ...(after > 0 ? { deregisterAfterMs: Math.max(after, MIN_DEREGISTER_MS) } : {}),
  };
};

const readKind = (body: CheckBody): CheckKind => {
  if (isGiven(body.Args) || isGiven(body.ScriptArgs)) {
    throw new ApiError(
      500,
      "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true",
    );
  }
  refuseUnsupported('check', {
    GRPC: body.GRPC,
    DockerContainerID: body.DockerContainerID,
    AliasNode: body.AliasNode,
    AliasService: body.AliasService,
    SuccessBeforePassing: body.SuccessBeforePassing,
    FailuresBeforeCritical: body.FailuresBeforeCritical,
  });
  const {
    HTTP: url = '',
    TCP: address = '',
    TTL: ttlMs = 0,
    Interval: interval = 0,
    Timeout: timeout = 0,
  } = body;
  const looks = url !== '' || address !== '';
  if (!looks && ttlMs <= 0) throw new ApiError(400, 'Invalid check: TTL must be > 0 for TTL checks');
  if (looks && interval <= 0) {
    throw new ApiError(400, 'Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks');
  }
  if (interval > 0 && ttlMs > 0) {
    throw new ApiError(400, 'Invalid check: Interval and TTL cannot both be specified');
  }
  if (!looks) return { type: 'ttl', ttlMs };
  const intervalMs = Math.max(interval, MIN_INTERVAL_MS);
  const timeoutMs = timeout > 0 ? timeout : Math.min(intervalMs, MAX_TIMEOUT_MS);
  if (url === '') return { type: 'tcp', address, intervalMs, timeoutMs };
  return {
    type: 'http',
    url,
    method: body.Method || 'GET',
    headers: body.Header ?? {},
    body: body.Body ?? '',
    skipTlsVerify: body.TLSSkipVerify ?? false,
    intervalMs,
    timeoutMs,
  };
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

/** Better a refusal than a service that never passes, or a mesh that is not there. */
const refuseUnsupported = (what: string, fields: Readonly<Record<string, unknown>>): void => {
  const name = Object.keys(fields).find(field => isGiven(fields[field]));
  if (name === undefined) return;
  throw new ApiError(
    400,
    `The embedded agent does not support ${name} of a ${what}: use a real Consul agent`,
  );
};

/** Clients send empty structures for what they don't use. */
const isGiven = (value: unknown): boolean => {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(isGiven);
  return value !== undefined && value !== null && value !== '' && value !== 0 && value !== false;
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
