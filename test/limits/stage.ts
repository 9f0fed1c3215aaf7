import type { TestContext } from 'node:test';
import { type Load, startLoad } from '../support/load.ts';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { documentedRights } from '../support/redis-fleet.ts';
import { type RedisServer, startConsul, startRedis } from '../support/servers.ts';
import { register, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real gateways before one service, with a Redis between them that gives them the rights of docs/operations.md. */
export interface Stage {
  readonly redis: RedisServer;
  readonly gateways: readonly RunningGateway[];
  readonly fronts: readonly string[];
  /** Requests that reached the service. */
  passed(): number;
  /** So many a second, each gateway in its turn. */
  load(perSecond: number): Load;
}

type Owner = Pick<TestContext, 'after'>;

export const startStage = async (
  owner: Owner,
  { tags, args = [] }: { tags: readonly string[]; args?: readonly (readonly string[])[] },
): Promise<Stage> => {
  const user = ['--user', 'gateway', 'on', '>s3cret', ...documentedRights('gateways')];
  const [consul, redis] = await Promise.all([startConsul(), startRedis({ persist: false, args: user })]);
  owner.after(() => Promise.all([consul.stop(), redis.stop()]));
  let passed = 0;
  const service = await startService((_req, res) => {
    passed += 1;
    res.end('ok');
  });
  owner.after(() => service.stop());
  await register(consul.address, { ID: 'orders', Name: 'orders', Port: service.port, Tags: tags });
  const url = `redis://gateway:s3cret@127.0.0.1:${redis.port}`;
  const gateways = await Promise.all(
    (args.length === 0 ? [[], [], [], []] : args).map(async more => {
      const gateway = await runGateway([
        ...['--consul', consul.address, '--redis', url, '--access-log', 'off', '--tag-prefix', ''],
        ...more,
      ]);
      owner.after(() => gateway.stop());
      return gateway;
    }),
  );
  const fronts = await Promise.all(gateways.map(gateway => gateway.serving()));
  const urls = fronts.map(front => `${front}/orders`);
  for (const gateway of gateways) {
    await eventually(async () => (await metric(gateway, 'sluice_routes')) === 1, {
      within: 10_000,
      hint: 'the rule is served',
    });
  }
  return {
    redis,
    gateways,
    fronts,
    passed: () => passed,
    load: perSecond => startLoad(owner, n => urls[n % urls.length] ?? '', { perSecond }),
  };
};

/** The sum of a metric over its series; undefined where there are none. */
export const metric = async ({ admin }: RunningGateway, name: string): Promise<number | undefined> => {
  const text = await (await fetch(`${admin}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))];
  return values.length === 0 ? undefined : values.reduce((sum, [, value]) => sum + Number(value), 0);
};

/** Whether all gateways count together, or none does. */
export const areShared = ({ gateways }: Stage, shared: boolean, within = 10_000): Promise<unknown> =>
  eventually(
    async () => {
      const states = await Promise.all(gateways.map(each => metric(each, 'sluice_rate_limits_up')));
      return states.every(state => state === Number(shared));
    },
    { within, hint: shared ? 'the limits are shared' : 'each counts alone' },
  );

export interface Window {
  /** Requests a second. */
  readonly offered: number;
  readonly passed: number;
}

/** What passes in so many milliseconds of a load that runs. */
export const watch = async (stage: Stage, load: Load, ms: number): Promise<Window> => {
  const [began, passed, sent] = [performance.now(), stage.passed(), load.sent()];
  await new Promise(resolve => setTimeout(resolve, ms));
  const seconds = (performance.now() - began) / 1_000;
  return { offered: (load.sent() - sent) / seconds, passed: (stage.passed() - passed) / seconds };
};
