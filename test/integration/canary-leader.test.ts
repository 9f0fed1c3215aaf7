import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import type { CanaryAnswer } from '../../src/admin/canaries-api.ts';
import type { HistoryAnswer } from '../../src/admin/weights-api.ts';
import { startRollout } from '../../src/canary/commands.ts';
import { planOf } from '../../src/canary/document.ts';
import { openRedisBoard } from '../../src/canary/redis-board.ts';
import { type RunningGateway, type RunningProcess, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, type RedisServer, startConsul, startRedis } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real Consul, real Redis, three real gateways, and whoever leads is killed. */
let consul: ConsulServer;
let redisServer: RedisServer;
let redis: Redis;
const gateways: RunningGateway[] = [];
const services: Service[] = [];

const killed = new Set<RunningGateway>();
const alive = (): RunningGateway[] => gateways.filter(gateway => !killed.has(gateway));

const startOne = async (): Promise<RunningGateway> => {
  const args = ['--consul', consul.address, '--redis', redisServer.url, '--access-log', 'off'];
  const gateway = await runGateway(args);
  gateways.push(gateway);
  return gateway;
};

before(async () => {
  [consul, redisServer] = await Promise.all([startConsul(), startRedis()]);
  redis = new Redis(redisServer.url);
  await Promise.all([startOne(), startOne(), startOne()]);
  await Promise.all(gateways.map(gateway => gateway.serving()));
});
after(async () => {
  await Promise.all(gateways.map(gateway => gateway.stop()));
  redis.disconnect();
  await Promise.all([...services.map(each => each.stop()), consul.stop(), redisServer.stop()]);
});

/** v1 has all the traffic, and v2 is there. */
const release = async (name: string, v2: RequestListener): Promise<void> => {
  await redis.hset(`sluice:weights:${name}`, { v1: 100 });
  const listeners: [string, RequestListener | string][] = [
    ['v1', 'v1'],
    ['v2', v2],
  ];
  for (const [version, listener] of listeners) {
    const service = await startService(listener);
    services.push(service);
    const tags = [`path=/${name}`, `version=${version}`];
    await register(consul.address, { ID: `${name}-${version}`, Name: name, Port: service.port, Tags: tags });
  }
  for (const gateway of alive()) {
    const front = await gateway.serving();
    await eventually(async () => (await fetch(`${front}/${name}`, { headers: { 'x-version': 'v2' } })).ok, {
      within: 5_000,
      hint: `${name} is routed`,
    });
  }
};

/** The command, over Redis. */
const canary = (...args: string[]): RunningProcess =>
  run('dist/src/cli/main.js', ['canary', ...args, '--redis', redisServer.url]);

const status = async (name: string): Promise<CanaryAnswer> => {
  const asked = canary('status', name, '--json');
  assert.equal(await asked.exited, 0, asked.stderr());
  return JSON.parse(asked.stdout()) as CanaryAnswer;
};

const ledgerOf = async (name: string): Promise<HistoryAnswer['entries']> => {
  const answer = await fetch(`${alive()[0]?.admin}/api/weights/${name}/history?count=100`);
  return ((await answer.json()) as HistoryAnswer).entries.toReversed();
};

describe('a rollout whose leaders die', () => {
  it('has exactly its five steps, whoever leads being killed -9 at each of them', {
    timeout: 120_000,
  }, async t => {
    await release('killed', (_req, res) => res.end('v2'));
    const board = openRedisBoard({ url: redisServer.url, prefix: 'sluice:', id: 'the test' });
    const hints = new Redis(redisServer.url);
    t.after(async () => {
      hints.disconnect();
      await board.close();
    });
    const leader = (): RunningGateway | undefined =>
      alive()
        .map(gateway => ({
          gateway,
          fence: Number(gateway.log().findLast(line => 'fence' in line)?.fence ?? 0),
        }))
        .sort((a, b) => b.fence - a.fence)[0]?.gateway;
    const replacements: Promise<RunningGateway>[] = [];
    // The message is published within the write of a step: its leader dies before it can tell what it has done.
    await hints.subscribe('sluice:weights');
    hints.on('message', (_channel, service: string) => {
      const victim = leader();
      if (service !== 'killed' || replacements.length === 5 || victim === undefined) return;
      killed.add(victim);
      victim.signal('SIGKILL');
      replacements.push(startOne());
    });
    const plan = planOf({ values: new Map() }, 'test', { to: 'v2', every: '1s', minRequests: '0' });
    const { id } = await startRollout(board, 'killed', plan, { actor: 'the test' });
    await eventually(async () => (await board.read('killed'))?.rollout.phase === 'over', {
      within: 100_000,
      hint: 'the rollout is over',
    });
    await Promise.all(replacements);
    assert.equal(killed.size, 5, 'a leader died at each step');
    const { outcome } = await status('killed');
    assert.equal(outcome, 'promoted');
    const [, ...steps] = await ledgerOf('killed');
    assert.deepEqual(
      steps.map(({ actor, to }) => [actor, to.v2]),
      ['1', '5', '25', '50', '100'].map(share => [`canary ${id}`, share]),
    );
  });
});
