import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';

/** What every implementation gives to the suite. */
export interface AgentUnderTest {
  /** `host:port` */
  readonly address: string;
  stop(): Promise<void>;
}

export type StartAgent = () => Promise<AgentUnderTest>;

export interface Reply<T> {
  readonly status: number;
  readonly index: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface Check {
  readonly Node: string;
  readonly CheckID: string;
  readonly Name: string;
  readonly Status: string;
  readonly Notes: string;
  readonly Output: string;
  readonly ServiceID: string;
  readonly ServiceName: string;
  readonly ServiceTags: readonly string[];
  readonly Type: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

export interface Entry {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: {
    readonly ID: string;
    readonly Service: string;
    readonly Tags: readonly string[];
    readonly Address: string;
    readonly Port: number;
    readonly Meta: Readonly<Record<string, string>> | null;
    readonly Weights: { readonly Passing: number; readonly Warning: number };
    readonly CreateIndex: number;
    readonly ModifyIndex: number;
  };
  readonly Checks: readonly Check[];
}

/** Consul's HTTP API as curl would use it. Paths begin after `/v1`. */
export interface Api {
  address(): string;
  call(method: string, path: string, body?: unknown): Promise<Reply<string>>;
  get<T>(path: string): Promise<Reply<T>>;
  /** PUT that must be answered 200. */
  put(path: string, body?: unknown): Promise<void>;
  /** Waits for the next index after `index`, or until `wait` is over. */
  wait<T>(path: string, index: number, wait?: string): Promise<Reply<T>>;
  /** Follows a path by blocking queries until what it says fits. */
  until<T>(path: string, fits: (body: T) => boolean): Promise<Reply<T>>;
  /** Registers, and waits until the catalog has it. */
  register(service: { Name: string; ID?: string } & Record<string, unknown>): Promise<void>;
  deregister(id: string): Promise<void>;
  /** The entries of a service; the index is that of the service alone. */
  entries(name: string): Promise<Reply<readonly Entry[]>>;
  /** Waits until a check of a service is in that state. */
  untilStatus(service: string, checkId: string, status: string): Promise<Check>;
}

const DEADLINE_MS = 10_000;

/** One agent for all tests of the suite that this is called in; each test finds it without services. */
export const useAgent = (start: StartAgent): Api => {
  let agent: AgentUnderTest | undefined;
  before(async () => {
    agent = await start();
  });
  after(() => agent?.stop());
  afterEach(async () => {
    const services = await get<object>('/agent/services');
    for (const id of Object.keys(services.body)) await deregister(id);
    await until<Check[]>('/health/state/any', checks => checks.length === 1);
  });

  const address = (): string => agent?.address ?? assert.fail('the agent is not up');

  const call = async (method: string, path: string, body?: unknown): Promise<Reply<string>> => {
    const response = await fetch(`http://${address()}/v1${path}`, {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const { status, headers } = response;
    return { status, headers, index: Number(headers.get('x-consul-index')), body: await response.text() };
  };

  const get = async <T>(path: string): Promise<Reply<T>> => {
    const reply = await call('GET', path);
    assert.equal(reply.status, 200, `GET ${path}: ${reply.body}`);
    return { ...reply, body: JSON.parse(reply.body) as T };
  };

  const put = async (path: string, body?: unknown): Promise<void> => {
    const reply = await call('PUT', path, body);
    assert.equal(reply.status, 200, `PUT ${path}: ${reply.body}`);
  };

  const deregister = (id: string): Promise<void> =>
    put(`/agent/service/deregister/${encodeURIComponent(id)}`);

  const wait = <T>(path: string, index: number, time = '5s'): Promise<Reply<T>> =>
    get(`${path}${path.includes('?') ? '&' : '?'}index=${index}&wait=${time}`);

  const until = async <T>(path: string, fits: (body: T) => boolean): Promise<Reply<T>> => {
    const deadline = performance.now() + DEADLINE_MS;
    let reply = await get<T>(path);
    while (!fits(reply.body)) {
      assert.ok(performance.now() < deadline, `${path} stays ${JSON.stringify(reply.body)}`);
      reply = await wait<T>(path, reply.index, '1s');
    }
    return reply;
  };

  const entries = (name: string): Promise<Reply<readonly Entry[]>> => get(`/health/service/${name}`);

  return {
    address,
    call,
    get,
    put,
    wait,
    until,
    entries,
    register: async service => {
      await put('/agent/service/register', service);
      const id = service.ID ?? service.Name;
      await until<Entry[]>(`/health/service/${service.Name}`, list => list.some(e => e.Service.ID === id));
    },
    deregister,
    untilStatus: async (service, checkId, status) => {
      const reply = await until<Entry[]>(
        `/health/service/${service}`,
        list => findCheck(list, checkId)?.Status === status,
      );
      return findCheck(reply.body, checkId) ?? assert.fail();
    },
  };
};

export const findCheck = (entries: readonly Entry[], checkId: string): Check | undefined =>
  entries.flatMap(entry => entry.Checks).find(check => check.CheckID === checkId);
