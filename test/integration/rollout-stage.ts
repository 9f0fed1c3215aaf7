import type { RequestListener } from 'node:http';
import { Redis } from 'ioredis';
import { type RunningGateway, type RunningProcess, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, type RedisServer, startConsul, startRedis } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real Consul, real Redis, three real gateways, and services as bad as they are said to be. */
export interface RolloutStage {
  readonly consul: ConsulServer;
  readonly redisServer: RedisServer;
  readonly redis: Redis;
  /** Those that were not killed. */
  alive(): readonly RunningGateway[];
  /** Kills one with -9 and starts another in its place. @returns the other, once it is up */
  replace(gateway: RunningGateway): Promise<RunningGateway>;
  /** v1 has all the traffic, and v2 is there. */
  release(name: string, v2: RequestListener): Promise<void>;
  /** The command, over Redis. */
  canary(...args: string[]): RunningProcess;
  close(): Promise<void>;
}

export const openRolloutStage = async (): Promise<RolloutStage> => {
  const [consul, redisServer] = await Promise.all([startConsul(), startRedis()]);
  const redis = new Redis(redisServer.url);
  const gateways = new Set<RunningGateway>();
  const services: Service[] = [];

  const startOne = async (): Promise<RunningGateway> => {
    const args = ['--consul', consul.address, '--redis', redisServer.url, '--access-log', 'off'];
    const gateway = await runGateway(args);
    gateways.add(gateway);
    return gateway;
  };
  const serve = async (name: string, version: string, listener: RequestListener | string): Promise<void> => {
    const service = await startService(listener);
    services.push(service);
    const tags = [`path=/${name}`, `version=${version}`];
    await register(consul.address, { ID: `${name}-${version}`, Name: name, Port: service.port, Tags: tags });
  };

  await Promise.all([startOne(), startOne(), startOne()]);
  await Promise.all([...gateways].map(gateway => gateway.serving()));
  return {
    consul,
    redisServer,
    redis,
    alive: () => [...gateways],
    replace: gateway => {
      gateways.delete(gateway);
      gateway.signal('SIGKILL');
      return startOne();
    },
    release: async (name, v2) => {
      await redis.hset(`sluice:weights:${name}`, { v1: 100 });
      await serve(name, 'v1', 'v1');
      await serve(name, 'v2', v2);
      for (const gateway of gateways) {
        const url = `${await gateway.serving()}/${name}`;
        await eventually(async () => (await fetch(url, { headers: { 'x-version': 'v2' } })).ok, {
          within: 5_000,
          hint: `${name} is routed`,
        });
      }
    },
    canary: (...args) => run('dist/src/cli/main.js', ['canary', ...args, '--redis', redisServer.url]),
    close: async () => {
      await Promise.all([...gateways].map(gateway => gateway.stop()));
      redis.disconnect();
      await Promise.all([...services.map(each => each.stop()), consul.stop(), redisServer.stop()]);
    },
  };
};
