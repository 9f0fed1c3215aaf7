import { randomUUID } from 'node:crypto';
import { type ConsulServer, startConsul } from './servers.ts';

/** A token of Consul's ACLs. */
export interface Token {
  readonly secret: string;
  /** What it may do from now on, in Consul's policy language. */
  allow(rules: string): Promise<void>;
  /** Consul takes it for good as unknown from now on. */
  revoke(): Promise<void>;
}

/** A real Consul that refuses whatever no token allows. */
export interface GuardedConsul extends ConsulServer {
  /** May do anything. */
  readonly management: string;
  token(rules: string): Promise<Token>;
  /** One call as the management token. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
}

export const startGuardedConsul = async (): Promise<GuardedConsul> => {
  const management = randomUUID();
  const consul = await startConsul({
    config: {
      acl: { enabled: true, default_policy: 'deny', tokens: { master: management, agent: management } },
    },
  });

  const call: GuardedConsul['call'] = async (method, path, body) => {
    const answer = await fetch(`http://${consul.address}/v1${path}`, {
      method,
      headers: { 'x-consul-token': management },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };

  const token: GuardedConsul['token'] = async rules => {
    const Name = `policy-${randomUUID()}`;
    const { ID } = (await call('PUT', '/acl/policy', { Name, Rules: rules })) as { ID: string };
    const { AccessorID, SecretID } = (await call('PUT', '/acl/token', { Policies: [{ Name }] })) as {
      AccessorID: string;
      SecretID: string;
    };
    return {
      secret: SecretID,
      allow: async Rules => void (await call('PUT', `/acl/policy/${ID}`, { ID, Name, Rules })),
      revoke: async () => void (await call('DELETE', `/acl/token/${AccessorID}`)),
    };
  };

  return Object.assign(consul, { management, token, call });
};
