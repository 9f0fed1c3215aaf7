import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import type { QuarantineAnswer, StatusAnswer } from '../../src/admin/api.ts';
import { countAnswers } from '../support/load.ts';
import { type RunningGateway, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, type RedisServer, startConsul, startRedis } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real Consul, real Redis, real gateways that keep their state in one folder, one after the other. */
const folder = mkdtempSync(join(tmpdir(), 'sluice-state-'));
const file = join(folder, 'last-known-good.jsonl');
let consul: ConsulServer;
let redis: RedisServer;
let v1: Service;
let v2: Service;
let brokenSince: string;
const gateways: RunningGateway[] = [];

const start = async (): Promise<RunningGateway> => {
  const gateway = await runGateway([
    ...['--consul', consul.address, '--redis', redis.url, '--state-dir', folder, '--access-log', 'off'],
  ]);
  gateways.push(gateway);
  return gateway;
};

const statusOf = async ({ admin }: RunningGateway): Promise<StatusAnswer> =>
  (await (await fetch(`${admin}/api/status`)).json()) as StatusAnswer;

/** When the one problem in the catalog came up. */
const quarantinedSince = async ({ admin }: RunningGateway): Promise<string> => {
  const answer = await fetch(`${admin}/api/quarantine`);
  const { quarantine } = (await answer.json()) as QuarantineAnswer;
  const [problem, ...others] = quarantine;
  assert.equal(problem?.owner, 'broken');
  assert.deepEqual(others, []);
  return problem.since;
};

const dial = async (weights: Record<string, number>): Promise<void> => {
  const client = new Redis(redis.url);
  await client.multi().del('sluice:weights:orders').hset('sluice:weights:orders', weights).exec();
  await client.publish('sluice:weights', 'orders');
  client.disconnect();
};

const isOnDisk = (pattern: RegExp): Promise<true> =>
  eventually(() => pattern.test(readFileSync(file, 'utf8')) || undefined, {
    within: 10_000,
    hint: () => `${pattern} in the state file`,
  });

const registerBoth = async (): Promise<void> => {
  for (const [version, { port }] of Object.entries({ v1, v2 })) {
    const Tags = ['path=/orders', `version=${version}`];
    await register(consul.address, { ID: `orders-${version}`, Name: 'orders', Port: port, Tags });
  }
};

before(async () => {
  [consul, redis, v1, v2] = await Promise.all([
    startConsul(),
    startRedis(),
    startService('v1'),
    startService('v2'),
  ]);
  await registerBoth();
  await register(consul.address, { ID: 'broken', Name: 'broken', Port: v1.port, Tags: ['path=no-slash'] });
  await dial({ v1: 1, v2: 0 });
});
after(async () => {
  await Promise.all(gateways.map(gateway => gateway.stop()));
  await Promise.all([consul.stop(), redis.stop(), v1.stop(), v2.stop()]);
  rmSync(folder, { recursive: true });
});

describe('a gateway with a state folder', () => {
  it('keeps what is in force, and says how old it is', async () => {
    const first = await start();
    await first.serving();
    await isOnDisk(/"orders".*"v2",0/);
    const { state, consul: source } = await eventually(
      async () => {
        const status = await statusOf(first);
        return status.state?.ageSeconds !== undefined && status;
      },
      { within: 5_000, hint: 'it says that the state is kept' },
    );
    assert.equal(state?.file, file);
    assert.ok((state.ageSeconds ?? Number.NaN) < 15, JSON.stringify(state));
    assert.equal(source.lastKnownAt, undefined);
    brokenSince = await quarantinedSince(first);
    first.signal('SIGKILL');
    await first.exited;
  });

  it('serves at once with Consul and Redis away, says so and how old it is, and follows both as they come back', async t => {
    await Promise.all([consul.kill(), redis.kill()]);
    const begun = performance.now();
    const gateway = await start();
    const front = await gateway.serving();
    t.diagnostic(`serving ${(performance.now() - begun).toFixed(0)} ms after the start of the process`);
    assert.deepEqual([...(await countAnswers(`${front}/orders`, 50))], [['v1', 50]]);
    const status = await statusOf(gateway);
    assert.ok(Date.parse(status.consul.lastKnownAt ?? '') > Date.now() - 60_000, JSON.stringify(status));
    assert.ok(status.weights.lastKnownAt !== undefined);
    assert.equal(await quarantinedSince(gateway), brokenSince);
    const metrics = await (await fetch(`${gateway.admin}/metrics`)).text();
    assert.match(metrics, /^sluice_last_known_age_seconds\{source="consul"\} \d/m);
    assert.match(metrics, /^sluice_last_known_age_seconds\{source="weights"\} \d/m);
    const routes = run('dist/src/cli/main.js', ['routes', '--admin', gateway.admin.replace('http://', '')]);
    await routes.exited;
    assert.match(routes.stdout(), /^\/orders\/\* .*v1 100 %/m);
    for (const source of ['Consul', 'Redis']) {
      const told = new RegExp(
        `^${source} is away since 2.*, and in force is the state from disk, last live at 2.* \\(\\d+\\w+ ago\\): .+`,
        'm',
      );
      assert.match(routes.stdout(), told);
    }

    await Promise.all([consul.restart({ wipe: true }), redis.restart({ wipe: true })]);
    await eventually(async () => (await statusOf(gateway)).consul.state === 'up', {
      within: 10_000,
      hint: 'Consul is back',
    });
    await eventually(async () => (await statusOf(gateway)).weights.state === 'up', {
      within: 10_000,
      hint: 'Redis is back',
    });
    // Both came back empty: what was restored is held as in a gateway that had seen it itself.
    assert.deepEqual([...(await countAnswers(`${front}/orders`, 50))], [['v1', 50]]);
    assert.equal((await statusOf(gateway)).consul.lastKnownAt, undefined);
    await registerBoth();
    await dial({ v1: 0, v2: 1 });
    await eventually(async () => (await countAnswers(`${front}/orders`, 20)).get('v2') === 20, {
      within: 5_000,
      hint: 'the dial turns',
    });
    assert.equal(await gateway.stop(), 0);
  });
});
