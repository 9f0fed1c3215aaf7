import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServicesAnswer } from '../../src/admin/api.ts';
import { type Load, startLoad } from '../support/load.ts';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { type Service, startService } from '../support/service.ts';

/** A gateway in front of some services in a real Consul that is about to have a bad day. */
export interface Stage {
  readonly consul: ConsulServer;
  readonly gateway: RunningGateway;
  /** `http://127.0.0.1:PORT` of the gateway. */
  readonly front: string;
  /** Written anew when a token is replaced. */
  readonly tokenFile: string;
  /** What instances answer that are registered at `first` and `second`. */
  readonly answers: { readonly first: 'first'; readonly second: 'second' };
  /** Every service with all of its instances. */
  registerAll(at: 'first' | 'second'): Promise<void>;
  register(service: string, number: number, at: 'first' | 'second'): Promise<void>;
  /** One call of Consul's API with all rights. */
  call(method: string, path: string, body?: unknown): Promise<Response>;
  /** Instances that are held, but for Consul's own. */
  held(): Promise<number>;
  startLoad(perSecond: number): Load;
  /** Copies the data of a Consul that is stopped meanwhile. */
  backUp(): Promise<void>;
  /** Puts the copy in the place of what there is. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export const SERVICES = 20;
export const INSTANCES = 3;

export const nameOf = (i: number): string => `service-${i}`;

const MANAGEMENT = '8d0a1f3c-6f0f-4d0e-9a53-3f2f1c0b7a55';

/** @param guarded its Consul denies whatever no token allows */
export const openStage = async ({ guarded = false } = {}): Promise<Stage> => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-chaos-'));
  const [dataDir, copy, tokenFile] = ['data', 'copy', 'token'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(tokenFile, MANAGEMENT);
  const acl = {
    enabled: true,
    default_policy: guarded ? 'deny' : 'allow',
    tokens: { master: MANAGEMENT, agent: MANAGEMENT },
  };
  const [consul, first, second] = await Promise.all([
    startConsul({ dev: false, dataDir, config: { acl } }),
    startService('first'),
    startService('second'),
  ]);
  const ports = { first: first.port, second: second.port };

  const call: Stage['call'] = async (method, path, body) => {
    const answer = await fetch(`http://${consul.address}/v1${path}`, {
      method,
      headers: { 'x-consul-token': MANAGEMENT },
      ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const register: Stage['register'] = async (service, number, at) => {
    const id = `${service}-${number}`;
    await call('PUT', '/catalog/register', {
      Node: `node-of-${id}`,
      Address: '127.0.0.1',
      Service: {
        ...{ ID: id, Service: service, Address: '127.0.0.1', Port: ports[at] },
        Tags: [`path=/${service}`],
      },
      Check: { CheckID: `check-${id}`, Name: id, Status: 'passing', ServiceID: id },
    });
  };
  const registerAll: Stage['registerAll'] = async at => {
    for (let i = 0; i < SERVICES; i += 1)
      for (let number = 0; number < INSTANCES; number += 1) await register(nameOf(i), number, at);
  };

  await registerAll('first');
  const gateway = await runGateway(['--consul', consul.address, '--redis', 'off', '--access-log', 'off'], {
    env: guarded ? { CONSUL_HTTP_TOKEN_FILE: tokenFile } : {},
  });
  const front = await gateway.serving();
  const loads: (() => unknown)[] = [];

  return {
    consul,
    gateway,
    front,
    tokenFile,
    answers: { first: 'first', second: 'second' },
    registerAll,
    register,
    call,
    held: async () => {
      const answer = await fetch(`${gateway.admin}/api/services`);
      const { services } = (await answer.json()) as ServicesAnswer;
      return services
        .filter(({ name }) => name !== 'consul')
        .flatMap(({ instances }) => instances)
        .filter(({ heldUntil }) => heldUntil !== undefined).length;
    },
    startLoad: perSecond => {
      const owner = { after: (stop: () => unknown) => loads.push(stop) };
      return startLoad(owner, n => `${front}/${nameOf(n % SERVICES)}`, { perSecond });
    },
    backUp: async () => {
      await consul.kill('SIGTERM');
      cpSync(dataDir, copy, { recursive: true });
      await consul.restart({ wipe: false });
    },
    restore: async () => {
      await consul.kill();
      rmSync(dataDir, { recursive: true });
      cpSync(copy, dataDir, { recursive: true });
      await consul.restart({ wipe: false });
    },
    close: async () => {
      await Promise.all(loads.map(stop => stop()));
      await gateway.stop();
      await Promise.all([consul.stop(), ...[first, second].map((each: Service) => each.stop())]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
