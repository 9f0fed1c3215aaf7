import type { z } from 'zod';
import { ConsulError } from './errors.ts';
import type { Reply } from './request.ts';

/** A reply of Consul's, understood. */
export interface Answer<T> {
  readonly data: T;
  /** `X-Consul-Index`; 0 where Consul sent none. */
  readonly index: number;
  readonly knownLeader: boolean;
  /** Consul left out what the token may not see (Consul says so since 1.11 only). */
  readonly filteredByAcls: boolean;
}

/** What stands in the headers. */
export const answerMeta = ({ headers }: Reply): Omit<Answer<never>, 'data'> => ({
  index: Number.parseInt(String(headers['x-consul-index']), 10) || 0,
  // Older agents, and answers that need no leader, say nothing.
  knownLeader: headers['x-consul-knownleader'] !== 'false',
  filteredByAcls: headers['x-consul-results-filtered-by-acls'] === 'true',
});

/** @throws ConsulError where the body is not what the API documents */
export const parse = <T>({ body, status }: Reply, schema: z.ZodType<T>, path: string): T => {
  const refuse = (reason: string): ConsulError =>
    new ConsulError('bad_answer', `the answer to ${path} is not Consul's (${reason})`, {
      hint: 'see that the address is that of a Consul agent',
      status,
    });
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    throw refuse('not JSON');
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`);
};

/** Consul's own words, in one short line. */
const wordsOf = ({ body }: Reply): string => body.toString('utf8').replace(/\s+/g, ' ').trim().slice(0, 200);

/** @throws ConsulError for any status but 2xx */
export const expectOk = (reply: Reply): Reply => {
  if (reply.status >= 200 && reply.status < 300) return reply;
  const { status } = reply;
  const said = wordsOf(reply);
  if (status === 401 || status === 403 || /ACL not found|Permission denied/i.test(said)) {
    throw new ConsulError('forbidden', `Consul refused the token (${status} ${said})`, {
      hint: 'CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE must give one with service:read and node:read, and service:write to register',
      status,
    });
  }
  throw new ConsulError('http', `Consul answered ${status} (${said})`, {
    hint:
      status === 429
        ? "raise the agent's limits.http_max_conns_per_client, or use an agent of its own"
        : "the Consul agent's log says more",
    status,
  });
};

/** 404 in present Consul; 1.8 says it in the text of a 500. */
export const isCheckUnknown = (reply: Reply): boolean =>
  reply.status === 404 ||
  (reply.status === 500 && /does not have associated TTL|unknown check/i.test(wordsOf(reply)));
