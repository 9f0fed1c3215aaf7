import { anything, duration, flag, listOf, mapOf, type Reader, type Struct, struct, text } from './decode.ts';
import { ApiError } from './errors.ts';
import { type CheckStatus, isCheckStatus } from './rows.ts';
import { isGiven, refuseUnsupported } from './unsupported.ts';

/** What a check may say of itself, with the names of Consul's API. */
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

const MIN_INTERVAL_MS = 1_000;
const DEFAULT_TIMEOUT_MS = 10_000;
/** Longer than anyone waits, and within what timers can count. */
const MAX_TIMEOUT_MS = 60 * 60_000;
const MIN_DEREGISTER_MS = 60_000;

/** `Check: {}` and a zero TTL alone say nothing: Consul takes them for no check. */
export const isEmptyCheck = (check: CheckBody): boolean =>
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
  const timeoutMs = readTimeout(timeout > 0 ? timeout : Math.min(intervalMs, DEFAULT_TIMEOUT_MS));
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

/** Whole milliseconds: Node's timeouts take nothing else. */
const readTimeout = (ms: number): number => Math.min(Math.max(Math.ceil(ms), 1), MAX_TIMEOUT_MS);
