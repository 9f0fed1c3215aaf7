import { Redis } from 'ioredis';
import { type RunningGateway, runGateway } from '../../test/support/processes.ts';
import { startConsul, startRedis } from '../../test/support/servers.ts';
import { eventually } from '../../test/support/wait.ts';
import { startInTurn } from '../start-in-turn.ts';
import { startTwoVersions } from '../two-versions.ts';

/** Several gateways in front of one service of two versions: v1 answers `one`, v2 `two`. */
export interface Stage {
  readonly gateways: readonly RunningGateway[];
  /** Of 127.0.0.1, for traffic, one a gateway. */
  readonly ports: readonly number[];
  readonly redis: Redis;
  /** As an operator with redis-cli does it, both lines in one go: v2 gets so many ten-thousandths. */
  dial(tenThousandths: number): Promise<void>;
  /** Once all gateways have that in force. */
  settled(tenThousandths: number): Promise<void>;
  stop(): Promise<void>;
}

export const SERVICE = 'orders';
const WHOLE = 10_000;

/** @param args of each gateway. Ends all that it started, whatever becomes of it. */
export const openStage = async (count: number, args: readonly string[] = []): Promise<Stage> => {
  return startInTurn(async endBy => {
    const consul = await startConsul();
    endBy(consul.stop);
    const server = await startRedis({ persist: false });
    endBy(server.stop);
    const redis = new Redis(server.url);
    endBy(() => redis.disconnect());
    const upstream = await startTwoVersions();
    endBy(upstream.stop);
    for (const [i, port] of upstream.ports.entries()) await register(consul.address, `v${i + 1}`, port);
    const dial = async (tenThousandths: number): Promise<void> => {
      await redis
        .multi()
        .hset(`sluice:weights:${SERVICE}`, { v1: WHOLE - tenThousandths, v2: tenThousandths })
        .publish('sluice:weights', SERVICE)
        .exec();
    };
    await dial(0);
    const common = ['--consul', consul.address, '--redis', server.url, '--access-log', 'off'];
    const gateways: RunningGateway[] = [];
    for (let i = 0; i < count; i++) {
      const gateway = await runGateway([...common, ...args]);
      endBy(() => gateway.stop());
      gateways.push(gateway);
    }
    const fronts = await Promise.all(gateways.map(gateway => gateway.serving()));
    return {
      gateways,
      ports: fronts.map(front => Number(new URL(front).port)),
      redis,
      dial,
      settled: async tenThousandths => {
        for (const { admin } of gateways) {
          await eventually(async () => (await shareAt(admin)) === tenThousandths / WHOLE, {
            within: 10_000,
            hint: `${admin} has ${tenThousandths} ten-thousandths in force`,
          });
        }
      },
    };
  });
};

const register = async (consul: string, version: string, port: number): Promise<void> => {
  const answer = await fetch(`http://${consul}/v1/agent/service/register`, {
    method: 'PUT',
    body: JSON.stringify({
      Name: SERVICE,
      ID: version,
      Address: '127.0.0.1',
      Port: port,
      Tags: ['path=/', `version=${version}`],
    }),
  });
  if (!answer.ok) throw new Error(`Consul answered ${answer.status}: ${await answer.text()}`);
};

const shareAt = async (admin: string): Promise<number | undefined> => {
  const answer = await fetch(`${admin}/api/weights`);
  if (!answer.ok) return undefined;
  const { services } = (await answer.json()) as {
    services: Record<string, { split?: { shares: Record<string, number> } }>;
  };
  return services[SERVICE]?.split?.shares.v2;
};
