import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type RunningGateway, run, runGateway } from '../support/processes.ts';
import { type RedisServer, startRedis } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** The query and write commands against a running `sluice dev`, and against Redis. */
let gateway: RunningGateway;
let redis: RedisServer;
let service: Service;

const sluice = async (args: readonly string[], env: Record<string, string> = {}) => {
  const process = run('dist/src/cli/main.js', args, { env });
  const code = await process.exited;
  return { code, out: process.stdout(), err: process.stderr() };
};
const admin = (): string[] => ['--admin', gateway.admin.replace('http://', '')];

before(async () => {
  redis = await startRedis();
  service = await startService('hello');
  gateway = await runGateway(['--consul', '127.0.0.1:0', '--access-log', 'off'], { command: 'dev' });
  await gateway.serving();
  const consul = String(gateway.log().find(line => line.consul !== undefined)?.consul);
  for (const version of ['v1', 'v2']) {
    await register(consul, {
      ID: version,
      Name: 'orders',
      Port: service.port,
      Tags: ['path=/orders', `version=${version}`],
    });
  }
  await register(consul, { ID: 'bad', Name: 'bad', Port: service.port, Tags: ['path=bad'] });
  await eventually(async () => (await sluice(['routes', ...admin()])).out.includes('quarantined'), {
    within: 10_000,
    hint: 'routes',
  });
});
after(async () => {
  assert.equal(await gateway.stop(), 0);
  await Promise.all([service.stop(), redis.stop()]);
});

describe('sluice routes', () => {
  it('shows what is routed where, and the quarantine', async () => {
    const { code, out } = await sluice(['routes', ...admin()]);
    assert.equal(code, 0);
    assert.match(
      out,
      /^ROUTE +SERVICE +SPLIT +FROM +LIVE\n\/orders\/\* +orders +v1 50 %, v2 50 % +instances +2\n/,
    );
    assert.match(out, /quarantined: bad: path=bad: the path must begin with "\/"/);
  });
  it('--json is what the API says', async () => {
    const { out } = await sluice(['routes', '--json', ...admin()]);
    assert.deepEqual(JSON.parse(out), await (await fetch(`${gateway.admin}/api/routes`)).json());
  });
  it('without a gateway it says how to get one', async () => {
    const { code, err } = await sluice(['routes', '--admin', '127.0.0.1:1']);
    assert.equal(code, 1);
    assert.match(err, /no gateway answers at 127\.0\.0\.1:1 .* start one with "sluice dev"/);
  });
});

for (const [where, target] of [
  ['through the admin API', (): string[] => admin()],
  ['in Redis', (): string[] => ['--redis', redis.url]],
] as const) {
  describe(`sluice weights ${where}`, () => {
    it('set, get, history, clear', async () => {
      const set = await sluice([
        'weights',
        'set',
        'orders',
        'v1=95',
        'v2=5',
        '--reason',
        'canary',
        ...target(),
      ]);
      assert.deepEqual([set.code, set.out], [0, 'orders: v1 95, v2 5 (revision 1; before: none)\n']);
      const get = await sluice(['weights', 'get', 'orders', '--json', ...target()]);
      assert.deepEqual(JSON.parse(get.out).weights, { v1: 95, v2: 5 });
      assert.match(
        (await sluice(['weights', 'get', 'orders', ...target()])).out,
        /orders: v1 95, v2 5 \(revision 1\)/,
      );
      const clear = await sluice(['weights', 'clear', 'orders', ...target()]);
      assert.equal(clear.out, 'orders: none (revision 2; before: v1 95, v2 5)\n');
      const history = await sluice(['weights', 'history', 'orders', ...target()]);
      assert.match(
        history.out,
        /^REVISION +WHEN +WHO +BY +FROM +TO +REASON\n2 .*\n1 .* none +v1 95, v2 5 +canary\n$/,
      );
    });
  });
}

it('writes go to the Redis of the environment before the admin API', async () => {
  const { code } = await sluice(['weights', 'set', 'from-env', 'v1=1'], { REDIS_URL: redis.url });
  assert.equal(code, 0);
  const { out } = await sluice(['weights', 'get', 'from-env', '--redis', redis.url]);
  assert.match(out, /v1 1/);
});

it('Redis away: one line, exit code 1', async () => {
  const { code, err } = await sluice(['weights', 'get', 'orders', '--redis', 'redis://:secret@127.0.0.1:1']);
  assert.equal(code, 1);
  assert.equal(
    err
      .trim()
      .split('\n')
      .filter(line => line.startsWith('sluice:')).length,
    1,
  );
  assert.doesNotMatch(err, /secret/);
});
