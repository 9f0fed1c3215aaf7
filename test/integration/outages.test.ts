import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { Redis } from 'ioredis';
import { countAnswers, startLoad } from '../support/load.ts';
import { type RunningGateway, type RunningProcess, run, runGateway } from '../support/processes.ts';
import {
  type ConsulServer,
  freePorts,
  type RedisServer,
  startConsul,
  startRedis,
} from '../support/servers.ts';
import { deregister, register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** 200 requests a second while Consul and Redis are killed with -9 and come back, with their data or without. */
let consul: ConsulServer;
let redis: RedisServer;
let gateway: RunningGateway;
let sidecar: RunningProcess;
let front: string;
const services: Service[] = [];

/** Knows nothing of Sluice. */
const PROGRAM = `require('http').createServer((_, res) => res.end('v1')).listen(process.env.PORT, '127.0.0.1')`;

const dial = async (weights: Record<string, number>): Promise<void> => {
  const client = new Redis(redis.url);
  await client.multi().del('sluice:weights:orders').hset('sluice:weights:orders', weights).exec();
  await client.publish('sluice:weights', 'orders');
  client.disconnect();
};

const only =
  (version: string, path = '/orders') =>
  async (): Promise<boolean> =>
    (await countAnswers(front + path, 20)).get(version) === 20;

before(async () => {
  [consul, redis] = await Promise.all([startConsul({ dev: false }), startRedis()]);
  const v2 = await startService('v2');
  services.push(v2);
  const { program } = await freePorts(['program']);
  // v1 keeps itself registered by a sidecar, v2 was registered once, by hand.
  sidecar = run('dist/sidecar/main.js', [
    ...['--service', 'orders', '--version', 'v1', '--path', '/orders', '--port', String(program)],
    ...['--consul', consul.address, '--access-log', 'off', '--', process.execPath, '-e', PROGRAM],
  ]);
  await register(consul.address, {
    ID: 'orders-v2',
    Name: 'orders',
    Port: v2.port,
    Tags: ['path=/orders', 'version=v2'],
  });
  gateway = await runGateway(['--consul', consul.address, '--redis', redis.url, '--access-log', 'off']);
  front = await gateway.serving();
  await dial({ v1: 1, v2: 1 });
  await eventually(async () => (await countAnswers(`${front}/orders`, 20)).size === 2, {
    within: 10_000,
    hint: () => `both versions; the sidecar said ${sidecar.stderr()}`,
  });
});
after(async () => {
  await Promise.all([gateway.stop(), sidecar.stop()]);
  await Promise.all([consul.stop(), redis.stop(), ...services.map(each => each.stop())]);
});

const outage = (name: string, script: () => Promise<void>): void => {
  it(name, async t => {
    const load = startLoad(t, `${front}/orders`, { perSecond: 200 });
    await script();
    const { statuses, requests, bad } = await load.stop();
    t.diagnostic(`${requests} requests: ${JSON.stringify(statuses)}`);
    assert.deepEqual(statuses, { 200: requests }, bad.join('\n'));
    assert.ok(requests > 50, `only ${requests} requests were sent`);
  });
};

/** A change is followed again, without anyone touching the gateway. */
const followsConsul = async (): Promise<void> => {
  const id = `probe-${Date.now()}`;
  const probe = await startService(id);
  services.push(probe);
  await register(consul.address, { ID: id, Name: id, Port: probe.port, Tags: [`path=/${id}`] });
  await eventually(only(id, `/${id}`), { within: 12_000, hint: 'a new service is routed' });
  await deregister(consul.address, id);
};
const followsRedis = async (): Promise<void> => {
  await dial({ v1: 1, v2: 0 });
  await eventually(only('v1'), { within: 12_000, hint: 'the dial turns to v1' });
  await dial({ v1: 1, v2: 1 });
};

outage('Redis killed and restarted with its data', async () => {
  await redis.kill();
  await new Promise(resolve => setTimeout(resolve, 1_000));
  await redis.restart({ wipe: false });
  await followsRedis();
});

outage('Redis killed and restarted empty: the last split holds, loudly, until someone sets it', async () => {
  await dial({ v1: 1, v2: 0 });
  await eventually(only('v1'), { within: 3_000, hint: 'v1' });
  await redis.kill();
  await new Promise(resolve => setTimeout(resolve, 1_000));
  await redis.restart({ wipe: true });
  await eventually(
    async () => (await (await fetch(`${gateway.admin}/api/weights`)).text()).includes('problem'),
    { within: 12_000, hint: 'the wipe is told' },
  );
  assert.equal((await countAnswers(`${front}/orders`, 200)).get('v1'), 200);
  await followsRedis();
});

outage('Consul killed and restarted with its data', async () => {
  await consul.kill();
  await new Promise(resolve => setTimeout(resolve, 1_000));
  await consul.restart({ wipe: false });
  await followsConsul();
});

outage('Consul killed and restarted empty: held, and sidecars register again', async () => {
  await consul.kill();
  await new Promise(resolve => setTimeout(resolve, 1_000));
  await consul.restart({ wipe: true });
  await followsConsul();
  await eventually(
    async () => {
      const answer = await fetch(`http://${consul.address}/v1/health/service/orders?passing`);
      return ((await answer.json()) as unknown[]).length === 1;
    },
    { within: 20_000, hint: 'the sidecar registered v1 again' },
  );
  // v2 was registered by hand, so Consul has forgotten it; it is held for 60 s and goes on serving.
  const counts = await countAnswers(`${front}/orders`, 100);
  const told = gateway.log().filter(({ msg }) => msg?.includes('they are held'));
  assert.ok(told.some(({ service }) => service === 'orders'));
  const routes = run('dist/src/cli/main.js', ['routes', '--admin', gateway.admin.replace('http://', '')]);
  await routes.exited;
  assert.match(routes.stdout(), /^\/orders\/\* .* 2 \(1 held\) +tags$/m);
  assert.ok((counts.get('v2') ?? 0) > 20, `v2 is held: ${JSON.stringify([...counts])}`);
});

outage('both killed, both restarted empty', async () => {
  await Promise.all([consul.kill(), redis.kill()]);
  await new Promise(resolve => setTimeout(resolve, 1_000));
  await Promise.all([consul.restart({ wipe: true }), redis.restart({ wipe: true })]);
  await followsConsul();
  await followsRedis();
});
