import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type RunningGateway, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, type RedisServer, startConsul, startRedis } from '../support/servers.ts';
import { deregister, register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** The sessions of a route document, at two gateways of which one has workers: nothing of them is stored anywhere. */
let consul: ConsulServer;
let redisServer: RedisServer;
let redis: Redis;
let services: Service[];
let gateways: readonly RunningGateway[];
let fronts: readonly string[];

const INSTANCES = ['shop-v1-a', 'shop-v1-b', 'shop-v2-a', 'shop-v2-b', 'next-v1-a', 'next-v1-b'];

const putRoute = (backends: string): Promise<unknown> =>
  fetch(`http://${consul.address}/v1/kv/sluice/routes/shop`, {
    method: 'PUT',
    body: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  rules:
    - backendRefs: [${backends}]
      sessionPersistence: {sessionName: basket, absoluteTimeout: 1h, idleTimeout: 10m}
`,
  });

interface Asked {
  readonly instance: string;
  /** Of the session that the answer gives. */
  readonly cookie: string | undefined;
}

const ask = async (front: string, cookie?: string, headers: Record<string, string> = {}): Promise<Asked> => {
  const answer = await fetch(front, {
    headers: { ...headers, ...(cookie === undefined ? {} : { Cookie: `a=b; ${cookie}` }) },
  });
  const instance = await answer.text();
  assert.equal(answer.status, 200, instance);
  const [given] = answer.headers.getSetCookie();
  if (given !== undefined) assert.match(given, /^basket=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax$/);
  return { instance, cookie: given?.split(';')[0] };
};

/** A session that begins at the first gateway. */
const begin = async (front = fronts[0] ?? ''): Promise<{ instance: string; cookie: string }> => {
  const { instance, cookie } = await ask(front);
  return { instance, cookie: cookie ?? assert.fail('no session') };
};

const sessionAt = (prefix: string): Promise<{ instance: string; cookie: string }> =>
  eventually(
    async () => {
      const session = await begin();
      return session.instance.startsWith(prefix) && session;
    },
    { within: 5_000, hint: `a session at ${prefix}` },
  );

/** Waits until no gateway begins sessions but there. */
const untilAllBeginAt = (prefix: string): Promise<unknown> =>
  eventually(
    async () => {
      const begun = await Promise.all(fronts.flatMap(front => Array.from({ length: 12 }, () => ask(front))));
      return begun.every(({ instance }) => instance.startsWith(prefix));
    },
    { within: 5_000, hint: `all new sessions are at ${prefix}` },
  );

const isKept = async ({ instance, cookie }: { instance: string; cookie: string }): Promise<void> => {
  for (const front of [...fronts, ...fronts, ...fronts]) {
    assert.deepEqual(await ask(front, cookie), { instance, cookie: undefined });
  }
};

before(async () => {
  [consul, redisServer] = await Promise.all([startConsul(), startRedis()]);
  redis = new Redis(redisServer.url);
  services = await Promise.all(INSTANCES.map(name => startService(name)));
  for (const [index, ID] of INSTANCES.entries()) {
    const [Name = '', version] = ID.split('-');
    await register(consul.address, {
      ID,
      Name,
      Port: services[index]?.port ?? 0,
      Tags: [`version=${version}`],
    });
  }
  await putRoute('{name: shop, weight: 1}, {name: next, weight: 1}');
  const args = ['--consul', consul.address, '--redis', redisServer.url, '--access-log', 'off'];
  const key = ['--sticky-key', 'the same everywhere'];
  gateways = await Promise.all([
    runGateway([...args, ...key]),
    runGateway([...args, ...key, '--workers', '2']),
  ]);
  fronts = await Promise.all(gateways.map(gateway => gateway.serving()));
});
after(async () => {
  const codes = await Promise.all(gateways.map(gateway => gateway.stop()));
  redis.disconnect();
  await Promise.all([consul.stop(), redisServer.stop(), ...services.map(service => service.stop())]);
  assert.deepEqual(codes, [0, 0]);
});

describe('a session', () => {
  it('is with one instance, whichever gateway is asked', async () => {
    const begun = await Promise.all(fronts.flatMap(front => Array.from({ length: 30 }, () => begin(front))));
    assert.deepEqual([...new Set(begun.map(({ instance }) => instance))].sort(), [...INSTANCES].sort());
    for (const session of begun.slice(0, 10)) await isKept(session);
  });

  it('stays when the document gives its service 0, and everybody new goes elsewhere', async () => {
    const session = await sessionAt('shop');
    await putRoute('{name: shop, weight: 0}, {name: next, weight: 1}');
    await untilAllBeginAt('next');
    await isKept(session);
    await putRoute('{name: shop, weight: 1}, {name: next, weight: 0}');
    await untilAllBeginAt('shop');
    await isKept(session);
  });

  it('stays while weights are dialled, and leaves a version that is set to 0', async () => {
    const session = await sessionAt('shop-v2');
    await redis.hset('sluice:weights:shop', { v1: 999_999_999, v2: 1e-9 });
    await redis.publish('sluice:weights', 'shop');
    await untilAllBeginAt('shop-v1');
    await isKept(session);
    await redis.hset('sluice:weights:shop', { v1: 1, v2: 0 });
    await redis.publish('sluice:weights', 'shop');
    const moved = await eventually(
      async () => {
        const answers = await Promise.all(fronts.map(front => ask(front, session.cookie)));
        const [first] = answers;
        return answers.every(({ instance }) => instance.startsWith('shop-v1')) && first;
      },
      { within: 5_000, hint: 'the session has left v2' },
    );
    await isKept({ instance: moved.instance, cookie: moved.cookie ?? '' });
    await redis.hset('sluice:weights:shop', { v1: 1, v2: 1 });
    await redis.publish('sluice:weights', 'shop');
  });

  it('is explained', async () => {
    const { instance, cookie } = await begin();
    const explain = async (sent: string): Promise<string> => {
      const admin = gateways[1]?.admin.replace('http://', '') ?? '';
      const header = ['-H', `Cookie: ${sent}`, '--admin', admin];
      const process = run('dist/src/cli/main.js', ['explain', 'GET', '/', ...header]);
      assert.equal(await process.exited, 0, process.stderr());
      return process.stdout();
    };
    const kept = await explain(cookie);
    assert.ok(kept.includes(`To shop ${instance.split('-')[1]}: the caller is in a session with it.`), kept);
    assert.ok(kept.includes('Session basket: it goes on with the same instance.'), kept);
    assert.match(await explain('basket=forged'), /Session basket: its token is not one of this rule/);
  });

  it('ends with its instance, and the next one is kept', async () => {
    const session = await sessionAt('shop');
    await deregister(consul.address, session.instance);
    const moved = await eventually(
      async () => {
        const answer = await ask(fronts[0] ?? '', session.cookie);
        return answer.instance !== session.instance && answer;
      },
      { within: 5_000, hint: 'another instance' },
    );
    await eventually(async () => (await ask(fronts[1] ?? '', session.cookie)).instance !== session.instance, {
      within: 5_000,
      hint: 'the other gateway has seen it, too',
    });
    await isKept({ instance: moved.instance, cookie: moved.cookie ?? '' });
  });
});
