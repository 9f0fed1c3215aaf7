import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { countAnswers } from '../support/load.ts';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { type ConsulServer, type RedisServer, startConsul, startRedis } from '../support/servers.ts';
import { deregister, register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real Consul, real Redis, two real gateways; services registered as with curl. */
let consul: ConsulServer;
let redisServer: RedisServer;
let redis: Redis;
let gateways: RunningGateway[] = [];
let fronts: string[] = [];
const services: Service[] = [];

const service = async (answer: string): Promise<Service> => {
  const started = await startService(answer);
  services.push(started);
  return started;
};

const statusOf = async (url: string): Promise<number> => {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  return answer.status;
};

before(async () => {
  [consul, redisServer] = await Promise.all([startConsul(), startRedis()]);
  redis = new Redis(redisServer.url);
  const args = ['--consul', consul.address, '--redis', redisServer.url, '--access-log', 'off'];
  gateways = await Promise.all([runGateway(args), runGateway(args)]);
  fronts = await Promise.all(gateways.map(gateway => gateway.serving()));
});
after(async () => {
  const codes = await Promise.all(gateways.map(gateway => gateway.stop()));
  redis.disconnect();
  await Promise.all([...services.map(each => each.stop()), consul.stop(), redisServer.stop()]);
  assert.deepEqual(codes, [0, 0], 'SIGTERM ends a gateway with 0');
});

describe('services registered by a plain PUT, no sidecar', () => {
  it('are routed within a second of passing, and gone within a second of deregistration', async t => {
    const hello = await service('hello');
    const url = `${fronts[0]}/hello/world`;
    assert.equal(await statusOf(url), 404);
    await register(consul.address, {
      ID: 'hello-1',
      Name: 'hello',
      Port: hello.port,
      Tags: ['path=/hello'],
      Check: { TTL: '30s' },
    });
    await eventually(async () => (await statusOf(url)) === 503, {
      within: 1_000,
      hint: 'critical: known, not live',
    });
    const passedAt = performance.now();
    await fetch(`http://${consul.address}/v1/agent/check/pass/service:hello-1`, { method: 'PUT' });
    await eventually(async () => (await statusOf(url)) === 200, { within: 1_000, hint: 'routed' });
    const goneAt = performance.now();
    t.diagnostic(`routed ${(goneAt - passedAt).toFixed(0)} ms after the request to pass`);
    await deregister(consul.address, 'hello-1');
    await eventually(async () => (await statusOf(url)) === 404, { within: 1_000, hint: 'gone' });
    t.diagnostic(`gone ${(performance.now() - goneAt).toFixed(0)} ms after the request to deregister`);
  });

  it('a bad tag and a contested path cost their own rule only, and are told', async () => {
    const [first, second] = await Promise.all([service('first'), service('second')]);
    await register(consul.address, {
      ID: 'a-1',
      Name: 'a-first',
      Port: first.port,
      Tags: ['path=/contested', 'path=bad'],
    });
    await eventually(async () => (await statusOf(`${fronts[0]}/contested`)) === 200, {
      within: 1_000,
      hint: 'first',
    });
    await register(consul.address, {
      ID: 'b-1',
      Name: 'b-second',
      Port: second.port,
      Tags: ['path=/contested', 'path=/b'],
    });
    await eventually(async () => (await statusOf(`${fronts[0]}/b`)) === 200, {
      within: 1_000,
      hint: 'second',
    });
    assert.equal(await (await fetch(`${fronts[0]}/contested`)).text(), 'first');
    const answer = (await (await fetch(`${gateways[0]?.admin}/api/quarantine`)).json()) as {
      quarantine: { service: string; subject: string }[];
    };
    assert.deepEqual(answer.quarantine.map(({ service, subject }) => `${service} ${subject}`).sort(), [
      'a-first path=bad',
      'b-second /contested/*',
    ]);
  });
});

describe('callers and their versions', () => {
  before(async () => {
    for (const version of ['v1', 'v2']) {
      const { port } = await service(version);
      await register(consul.address, {
        ID: `sessions-${version}`,
        Name: 'sessions',
        Port: port,
        Tags: ['path=/sessions', `version=${version}`, 'sticky=header:x-user'],
      });
    }
  });
  const ask = async (front: number, headers: Record<string, string>): Promise<string> =>
    (await fetch(`${fronts[front]}/sessions`, { headers })).text();

  it('sticky ones have the same version on both gateways, and half of them each', async () => {
    const answers = async (front: number): Promise<string[]> =>
      Promise.all(Array.from({ length: 60 }, (_, user) => ask(front, { 'x-user': `user-${user}` })));
    const first = await eventually(
      async () => {
        const all = await answers(0);
        return new Set(all).size === 2 ? all : undefined;
      },
      { within: 2_000, hint: 'both versions' },
    );
    assert.deepEqual(await answers(0), first);
    assert.deepEqual(await answers(1), first);
  });

  it('who pins a version gets it, sticky or not, and an answer of its own where it is not live', async () => {
    for (const front of [0, 1]) {
      for (const version of ['v1', 'v2']) {
        assert.equal(await ask(front, { 'x-user': 'user-1', 'x-version': version }), version);
      }
      assert.match(await ask(front, { 'x-version': 'v9' }), /"code":"version_not_live"/);
    }
  });
});

describe('the dial', () => {
  const url = (front: number): string => `${fronts[front]}/orders/1`;
  const seen = async (front: number, total: number): Promise<Record<string, number>> =>
    Object.fromEntries(await countAnswers(url(front), total));
  const dial = async (weights: Record<string, string | number>, publish = true): Promise<void> => {
    await redis.multi().del('sluice:weights:orders').hset('sluice:weights:orders', weights).exec();
    if (publish) await redis.publish('sluice:weights', 'orders');
  };

  before(async () => {
    for (const version of ['v1', 'v2']) {
      const { port } = await service(version);
      await register(consul.address, {
        ID: `orders-${version}`,
        Name: 'orders',
        Port: port,
        Tags: ['path=/orders', `version=${version}`],
      });
    }
    await eventually(async () => Object.keys(await seen(1, 20)).length === 2, {
      within: 2_000,
      hint: 'both versions',
    });
  });

  it('95 to 5: of 10,000 requests v2 gets 5 % within one point, on both gateways', async t => {
    await dial({ v1: 95, v2: 5 });
    await new Promise(resolve => setTimeout(resolve, 50));
    for (const front of [0, 1]) {
      const { v1 = 0, v2 = 0 } = await seen(front, 10_000);
      t.diagnostic(`gateway ${front}: v2 got ${v2} of 10,000`);
      assert.equal(v1 + v2, 10_000);
      assert.ok(v2 >= 400 && v2 <= 600, `gateway ${front}: v2 got ${v2} of 10,000`);
    }
  });

  it('an explicit 0 is exactly none, from 50 ms after the publish', async () => {
    await dial({ v1: 1, v2: 0 });
    await new Promise(resolve => setTimeout(resolve, 50));
    for (const front of [0, 1]) assert.deepEqual(await seen(front, 2_000), { v1: 2_000 });
  });

  it('without a publish a change is in force within 3 s', async t => {
    const setAt = performance.now();
    await dial({ v1: 0, v2: 1 }, false);
    await eventually(async () => (await seen(0, 20)).v2 === 20 && (await seen(1, 20)).v2 === 20, {
      within: 3_000,
      hint: 'everything at v2',
    });
    t.diagnostic(`in force ${(performance.now() - setAt).toFixed(0)} ms after the HSET`);
  });

  for (const [name, weights] of Object.entries({
    NaN: { v1: 'NaN', v2: 1 },
    negative: { v1: -5, v2: 1 },
    huge: { v1: '1e300', v2: 1 },
    text: { v1: 'lots', v2: 1 },
  })) {
    it(`a weight that is ${name} leaves the last good split in force and is told`, async () => {
      await dial({ v1: 1, v2: 0 });
      await eventually(async () => (await seen(0, 20)).v1 === 20, { within: 3_000, hint: 'good split' });
      await dial(weights);
      const problem = await eventually(
        async () => {
          const answer = await fetch(`${gateways[0]?.admin}/api/weights`);
          return ((await answer.json()) as { services: Record<string, { problem?: string }> }).services.orders
            ?.problem;
        },
        { within: 3_000, hint: 'the problem is told' },
      );
      assert.match(problem, /v1/);
      const warnings = gateways[0]?.log().filter(line => line.level === 'warn' && line.problem === problem);
      assert.equal(warnings?.length, 1);
      assert.deepEqual(await seen(0, 200), { v1: 200 });
    });
  }

  it('a key of the wrong type likewise', async () => {
    await dial({ v1: 1, v2: 0 });
    await eventually(async () => (await seen(0, 20)).v1 === 20, { within: 3_000, hint: 'good split' });
    await redis.set('sluice:weights:orders', 'a string');
    await redis.publish('sluice:weights', 'orders');
    await eventually(
      async () => (await (await fetch(`${gateways[0]?.admin}/api/weights`)).text()).includes('problem'),
      { within: 3_000, hint: 'the problem is told' },
    );
    assert.deepEqual(await seen(0, 200), { v1: 200 });
    await redis.del('sluice:weights:orders');
  });

  it('a version without a live instance passes its share on, and takes it back', async () => {
    await dial({ v1: 1, v2: 99 });
    const maintenance = (on: boolean) =>
      fetch(`http://${consul.address}/v1/agent/service/maintenance/orders-v2?enable=${on}`, {
        method: 'PUT',
      });
    await maintenance(true);
    await eventually(async () => (await seen(0, 20)).v1 === 20, { within: 3_000, hint: 'v1 serves alone' });
    await maintenance(false);
    await eventually(async () => ((await seen(0, 20)).v2 ?? 0) > 10, { within: 3_000, hint: 'v2 is back' });
  });
});

describe('many services', () => {
  it('300 services need fewer than 20 connections to Consul', async t => {
    const { port } = await service('many');
    for (let i = 0; i < 300; i++) {
      await fetch(`http://${consul.address}/v1/catalog/register`, {
        method: 'PUT',
        body: JSON.stringify({
          Node: 'many',
          Address: '127.0.0.1',
          Service: {
            ID: `many-${i}`,
            Service: `many-${i}`,
            Port: port,
            Address: '127.0.0.1',
            Tags: [`path=/many/${i}`],
          },
        }),
      });
    }
    const last = `${fronts[0]}/many/299`;
    await eventually(async () => (await statusOf(last)) === 200, {
      within: 5_000,
      hint: 'the 300th service',
    });
    const connections = connectionsTo(gateways[0]?.pid ?? 0, Number(consul.address.split(':')[1]));
    t.diagnostic(`${connections} connections to Consul`);
    assert.ok(connections > 0 && connections < 20, `${connections} connections to Consul`);
  });
});

/** TCP connections of a process to a port, from /proc. */
const connectionsTo = (pid: number, port: number): number => {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set(
    ['tcp', 'tcp6'].flatMap(table =>
      readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
        .split('\n')
        .map(line => line.trim().split(/\s+/))
        .filter(([, , remote = '']) => remote.endsWith(`:${hex}`))
        .map(fields => `socket:[${fields[9]}]`),
    ),
  );
  return readdirSync(`/proc/${pid}/fd`).filter(fd => {
    try {
      return inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;
};
