import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import Consul from 'consul';
import type { z } from 'zod';
import { createTurns } from '../telemetry/pace.ts';
import {
  type CheckAnswer,
  checksAnswer,
  entriesAnswer,
  type HealthEntry,
  type KeyEntry,
  keysAnswer,
  leaderAnswer,
  type ServiceNames,
  serviceNamesAnswer,
} from './answers.ts';
import { type EndpointOptions, endpointOf } from './endpoint.ts';
import { CheckUnknown } from './errors.ts';
import { openReads } from './reads.ts';
import { createRecovery, type Recovery } from './recovery.ts';
import { registrationBody, type ServiceDefinition } from './registration.ts';
import { type Answer, answerMeta, expectOk, isCheckUnknown, parse } from './reply.ts';
import { type Call, createRequester, type Papi, type Reply } from './request.ts';

export type { KeyEntry } from './answers.ts';

export interface Ask {
  readonly signal?: AbortSignal;
}

/** A blocking query: Consul answers when its index is past `index`, or after `waitSeconds` at the latest. */
export interface BlockingAsk extends Ask {
  /** Absent or 0: answer at once. */
  readonly index?: number;
  readonly waitSeconds?: number;
}

export type CheckStatus = 'passing' | 'warning' | 'critical';

/**
 * Sluice's one way to Consul's HTTP API.
 *
 * Every call ends within its deadline, also on a half-open connection, and fails with a `ConsulError`; once
 * `signal` is aborted, with the signal's reason. Nothing is retried here.
 */
export interface ConsulClient {
  /** `host:port` as it may be shown to people. */
  readonly address: string;
  /** Requests that were sent so far. */
  requests(): number;
  /** Where callers wait whose calls failed, before they try again. */
  readonly recovery: Recovery;
  catalogServices(ask?: BlockingAsk): Promise<Answer<ServiceNames>>;
  /** Checks of the whole catalog that are in this state. */
  healthState(state: CheckStatus, ask?: BlockingAsk): Promise<Answer<readonly CheckAnswer[]>>;
  healthService(name: string, ask?: BlockingAsk): Promise<Answer<readonly HealthEntry[]>>;
  /**
   * As `healthService` at once, for many services one after the other: where the index still is `index` nothing
   * else is read and the data are undefined; 0 reads in any case.
   */
  healthServiceSince(
    name: string,
    index: number,
    ask?: Ask,
  ): Promise<Answer<readonly HealthEntry[] | undefined>>;
  /** All keys that begin with the prefix, in order; none is an empty list. */
  keys(prefix: string, ask?: BlockingAsk): Promise<Answer<readonly KeyEntry[]>>;
  /** @throws ConsulError (`forbidden`) where the token may not read it */
  hasKey(key: string, ask?: Ask): Promise<boolean>;
  /** `host:port` of the leader; empty while there is none. The cheapest sign of life. */
  statusLeader(ask?: Ask): Promise<string>;
  /**
   * Registers with the agent, which keeps the catalog in step; replaces an earlier registration of the id.
   *
   * @param status where the check starts
   */
  registerService(definition: ServiceDefinition, status: CheckStatus, ask?: Ask): Promise<void>;
  /** A service that the agent does not know counts as deregistered. */
  deregisterService(id: string, ask?: Ask): Promise<void>;
  /** Whether the agent has a service of this id. */
  knowsService(id: string, ask?: Ask): Promise<boolean>;
  /**
   * Reports a TTL check, which winds its clock up again.
   *
   * @param note shown to people as the check's output
   * @throws CheckUnknown where the agent has no such check
   */
  updateCheck(checkId: string, status: CheckStatus, note?: string, ask?: Ask): Promise<void>;
  setMaintenance(serviceId: string, on: boolean, reason?: string, ask?: Ask): Promise<void>;
  /** Closes all connections, those of calls under way too. */
  close(): void;
}

/** Connections for calls that change something. Each blocking query has one more of its own. */
const MAX_CALL_CONNECTIONS = 4;

/** The index of a service is the same whichever tag is asked for, and an answer without instances costs least. */
const NOBODYS_TAG = 'sluice:only-the-index';

const UPDATE_VERBS = { passing: 'pass', warning: 'warn', critical: 'fail' } as const;

/** @throws TypeError where the address is none */
export const createConsulClient = (options: EndpointOptions): ConsulClient => {
  const endpoint = endpointOf(options);
  const { base, tls, dc, timeoutMs } = endpoint;
  const agent = (bounds: AgentOptions): HttpAgent => {
    const all = { keepAlive: true, keepAliveMsecs: 10_000, ...bounds };
    return base.protocol === 'https:' ? new HttpsAgent({ ...all, ...tls }) : new HttpAgent(all);
  };
  const calls = agent({ maxSockets: MAX_CALL_CONNECTIONS });
  // Without a bound: a blocking query that queued for a connection would be blind meanwhile.
  const polls = agent({});
  const request = createRequester(new Consul({ baseUrl: base } as object) as unknown as Papi, endpoint);
  const reads = openReads(endpoint);
  const turn = createTurns();

  let requests = 0;

  const send = async (
    call: Omit<Call, 'agent' | 'deadlineMs'>,
    over = calls,
    waitSeconds = 0,
  ): Promise<Reply> => {
    requests += 1;
    const query = { ...call.query, ...(dc === undefined ? {} : { dc }) };
    return request({
      ...call,
      query,
      agent: over,
      // The server adds up to a sixteenth to the wait, so that clients don't come back in step.
      deadlineMs: waitSeconds * 1_000 * (1 + 1 / 16) + timeoutMs,
    });
  };

  /** The first one, too, which is answered at once: it opens the connection on which the others wait. */
  const poll = async (
    call: Omit<Call, 'agent' | 'deadlineMs' | 'signal'>,
    { index = 0, waitSeconds = 30, signal }: BlockingAsk = {},
  ): Promise<Reply> => {
    const waits = index > 0;
    const query = { ...call.query, ...(waits ? { index: `${index}`, wait: `${waitSeconds}s` } : {}) };
    return send({ ...call, query, signal }, polls, waits ? waitSeconds : 0);
  };

  const read = async <T>(
    path: string,
    params: Record<string, string>,
    schema: z.ZodType<T>,
    ask: BlockingAsk | undefined,
  ): Promise<Answer<T>> => {
    const reply = expectOk(await poll({ path, params }, ask));
    return { ...answerMeta(reply), data: parse(reply, schema, path) };
  };

  const readAtOnce = async (path: string, signal: AbortSignal | undefined): Promise<Reply> => {
    requests += 1;
    return expectOk(await reads.get(path, signal));
  };

  const write = async (call: Omit<Call, 'agent' | 'deadlineMs' | 'method'>): Promise<Reply> =>
    send({ ...call, method: 'PUT' });

  return {
    address: base.host,
    requests: () => requests,
    recovery: createRecovery(options.token),
    catalogServices: ask => read('/catalog/services', {}, serviceNamesAnswer, ask),
    healthState: (state, ask) => read('/health/state/{state}', { state }, checksAnswer, ask),
    healthService: (name, ask) => read('/health/service/{name}', { name }, entriesAnswer, ask),
    healthServiceSince: async (name, index, { signal } = {}) => {
      const path = `/health/service/${encodeURIComponent(name)}`;
      if (index > 0) {
        const meta = answerMeta(await readAtOnce(`${path}?tag=${NOBODYS_TAG}`, signal));
        if (meta.index === index) return { ...meta, data: undefined };
      }
      const reply = await readAtOnce(path, signal);
      // Many come together on one connection, and each takes up to a millisecond, in which no request is served.
      await turn();
      return { ...answerMeta(reply), data: parse(reply, entriesAnswer, path) };
    },
    keys: async (prefix, ask) => {
      const reply = await poll({ path: keyPath(prefix), query: { recurse: '' } }, ask);
      // Consul's way to say that there are none, or none that the token may see.
      if (reply.status === 404) return { ...answerMeta(reply), data: [] };
      return { ...answerMeta(expectOk(reply)), data: parse(reply, keysAnswer, '/kv') };
    },
    hasKey: async (key, { signal } = {}) => {
      const reply = await send({ path: keyPath(key), signal });
      if (reply.status !== 404) expectOk(reply);
      return reply.status !== 404;
    },
    statusLeader: async ({ signal } = {}) => {
      const path = '/status/leader';
      return parse(expectOk(await send({ path, signal })), leaderAnswer, path);
    },
    registerService: async (definition, status, { signal } = {}) => {
      // The package's own `agent.service.register` drops weights.
      const body = registrationBody(definition, status);
      expectOk(await write({ path: '/agent/service/register', body, signal }));
    },
    deregisterService: async (id, { signal } = {}) => {
      const reply = await write({ path: '/agent/service/deregister/{id}', params: { id }, signal });
      if (reply.status !== 404) expectOk(reply);
    },
    knowsService: async (id, { signal } = {}) => {
      const reply = await send({ path: '/agent/service/{id}', params: { id }, signal });
      if (reply.status !== 404) expectOk(reply);
      return reply.status !== 404;
    },
    updateCheck: async (checkId, status, note = '', { signal } = {}) => {
      const path = `/agent/check/${UPDATE_VERBS[status]}/{id}`;
      const reply = await write({
        path,
        params: { id: checkId },
        query: note === '' ? {} : { note },
        signal,
      });
      if (isCheckUnknown(reply)) throw new CheckUnknown(checkId, reply.status);
      expectOk(reply);
    },
    setMaintenance: async (serviceId, on, reason = '', { signal } = {}) => {
      const query = { enable: `${on}`, ...(reason === '' ? {} : { reason }) };
      const path = '/agent/service/maintenance/{id}';
      expectOk(await write({ path, params: { id: serviceId }, query, signal }));
    },
    close: () => {
      reads.close();
      calls.destroy();
      polls.destroy();
    },
  };
};

const keyPath = (key: string): string => `/kv/${key.split('/').map(encodeURIComponent).join('/')}`;
