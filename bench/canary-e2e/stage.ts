import { Redis } from 'ioredis';
import { type HookMessage, messageKey } from '../../src/canary/hook-message.ts';
import { openRedisBoard } from '../../src/canary/redis-board.ts';
import { type RunningProcess, run } from '../../test/support/processes.ts';
import { startConsul, startRedis } from '../../test/support/servers.ts';
import { startService } from '../../test/support/service.ts';
import { eventually } from '../../test/support/wait.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { type Behaviour, startVersion, type Version } from './release.ts';

/** Real Consul, real Redis, real gateways, and a webhook that hears of every step. */
export interface Stage {
  readonly fleet: Fleet;
  /** `sluice …`, over Redis. */
  sluice(...args: readonly string[]): RunningProcess;
  /** v1 of a new service has all the traffic, and v2 is there. @returns v2 */
  release(name: string, v1: Behaviour, v2: Behaviour): Promise<Version>;
  /** Resolves within the next write of the weights of a service. */
  written(name: string): Promise<void>;
  /** Index of the step in force, as it is kept; -1 before the first. */
  step(name: string): Promise<number>;
  /** Takes messages of rollouts. */
  readonly hookUrl: string;
  /** Keys of the messages about a service, in the order in which they came, each once. */
  told(name: string): string[];
  close(): Promise<void>;
}

/** @param size of the fleet */
export const openStage = async (size: number): Promise<Stage> => {
  const stops: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const consul = await startConsul();
    stops.push(consul.stop);
    const server = await startRedis({ persist: false });
    stops.push(server.stop);
    const board = openRedisBoard({ url: server.url, prefix: 'sluice:', id: 'the stage' });
    stops.push(board.close);
    const hints = new Redis(server.url);
    stops.push(() => hints.disconnect());
    await hints.subscribe('sluice:weights');
    const messages: HookMessage[] = [];
    const hook = await startService(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
      messages.push(JSON.parse(Buffer.concat(chunks).toString()) as HookMessage);
      res.end();
    });
    stops.push(hook.stop);
    const common = ['--consul', consul.address, '--redis', server.url, '--access-log', 'off'];
    const fleet = await openFleet(size, common);
    stops.push(fleet.stop);
    const sluice = (...args: readonly string[]): RunningProcess =>
      run('dist/src/cli/main.js', [...args, '--redis', server.url]);
    return {
      fleet,
      sluice,
      release: async (name, v1, v2) => {
        const set = sluice('weights', 'set', name, 'v1=100');
        if ((await set.exited) !== 0) throw new Error(set.stderr());
        const [old, canary] = await Promise.all([
          startVersion(consul.address, name, 'v1', v1),
          startVersion(consul.address, name, 'v2', v2),
        ]);
        stops.push(old.stop, canary.stop);
        for (const gateway of fleet.alive()) {
          const url = `${await gateway.serving()}/${name}`;
          await eventually(async () => (await fetch(url, { headers: { 'x-version': 'v2' } })).ok, {
            within: 10_000,
            hint: `${name} is routed`,
          });
        }
        return canary;
      },
      written: name =>
        new Promise(resolve => {
          const hear = (_channel: string, service: string): void => {
            if (service !== name) return;
            hints.off('message', hear);
            resolve();
          };
          hints.on('message', hear);
        }),
      step: async name => (await board.read(name))?.rollout.step ?? -1,
      hookUrl: hook.url,
      told: name => [...new Set(messages.filter(({ service }) => service === name).map(messageKey))],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
