import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type RunningGateway, run, runGateway } from '../support/processes.ts';
import { type RedisServer, startRedis } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** The query and write commands against a running `sluice dev`, and against Redis. */
let gateway: RunningGateway;
let redis: RedisServer;
let service: Service;
let folder: string;

const prefix = (value: string) => [{ path: { type: 'PathPrefix', value } }];
const DOCUMENT = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'shop' },
  spec: {
    rules: [
      {
        matches: prefix('/shop'),
        backendRefs: [
          { name: 'orders', weight: 3 },
          { name: 'bad', weight: 1 },
        ],
      },
      {
        matches: prefix('/very/old'),
        filters: [{ type: 'RequestRedirect', requestRedirect: { hostname: 'new.test' } }],
      },
    ],
  },
};

const sluice = async (args: readonly string[], env: Record<string, string> = {}) => {
  const process = run('dist/src/cli/main.js', args, { env });
  const code = await process.exited;
  return { code, out: process.stdout(), err: process.stderr() };
};
const admin = (): string[] => ['--admin', gateway.admin.replace('http://', '')];

before(async () => {
  redis = await startRedis();
  service = await startService('hello');
  folder = mkdtempSync(join(tmpdir(), 'sluice-commands-'));
  writeFileSync(join(folder, 'shop.json'), JSON.stringify(DOCUMENT));
  const flags = ['--consul', '127.0.0.1:0', '--access-log', 'off', '--routes', folder];
  gateway = await runGateway(flags, { command: 'dev' });
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
  rmSync(folder, { recursive: true });
});

describe('sluice routes', () => {
  it('shows what is routed where, and the quarantine', async () => {
    const { code, out } = await sluice(['routes', ...admin()]);
    assert.equal(code, 0);
    assert.match(
      out,
      /^ROUTE +SERVICE +SPLIT +BY +LIVE +FROM\n\/orders\/\* +orders +v1 50 %, v2 50 % +instances +2 +tags\n/,
    );
    assert.match(out, /quarantined: bad: path=bad: the path must begin with "\/"/);
  });
  it('shows the services of a document, and what answers by itself', async () => {
    const { out } = await sluice(['routes', ...admin()]);
    assert.match(out, /^\/shop\/\* +orders 75 % +v1 50 %, v2 50 % +instances +2 +default\/shop\n/m);
    assert.match(out, /^\/shop\/\* +bad 25 % +default 100 % +instances +1 +default\/shop\n/m);
    assert.match(out, /^\/very\/old\/\* +\(redirect\) +- +- +- +default\/shop\n/m);
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

describe('sluice explain', () => {
  it('tells rule, version and instances', async () => {
    const { code, out } = await sluice(['explain', 'GET', '/orders/1', '-H', 'x-version: v2', ...admin()]);
    assert.equal(code, 0);
    assert.match(out, /^GET \/orders\/1\n\n +RULE +FROM +WHY\n-> +\/orders\/\* +tags of orders +wins\n/);
    assert.match(out, /^To orders v2: the request names it\.$/m);
    assert.match(out, /^Split: v1 50 %, v2 50 % \(from instances\)\.$/m);
    assert.match(out, /v1 +live\n/);
    assert.match(out, /v2 +chosen\n/);
  });
  it('tells the services of a rule, and by which number one of them was drawn', async () => {
    const { out } = await sluice(['explain', 'GET', '/shop', ...admin()]);
    assert.match(out, /^-> +\/shop\/\* +default\/shop, rule 1 \(.*shop\.json:1\) +wins\n/m);
    assert.match(out, /^To (orders v[12]: drawn \(0\.\d{4}\); |bad default: there is no other)/m);
    assert.match(out, /^Services: orders 75 %, bad 25 % \(0\.\d{4}\)\.$/m);
  });
  it('exits 1 for a request that goes nowhere', async () => {
    const { code, out } = await sluice(['explain', 'GET', 'http://shop.example.com/nowhere', ...admin()]);
    assert.equal(code, 1);
    assert.match(out, /^GET shop\.example\.com\/nowhere\n\nNo rule has this host and path\./);
    assert.match(out, /^Answered with 404 no_route: /m);
  });
  it('--json is what the API says', async () => {
    const { out } = await sluice(['explain', 'GET', '/orders', '-H', 'x-version: v1', '--json', ...admin()]);
    const url = `${gateway.admin}/api/explain?method=GET&url=/orders&header=x-version:+v1`;
    assert.deepEqual(JSON.parse(out), await (await fetch(url)).json());
  });
  it('a method is taken in any case', async () => {
    const { out } = await sluice(['explain', 'get', '/orders/1', ...admin()]);
    assert.match(out, /^GET \/orders\/1\n/);
  });
  it('a header that is none is told so', async () => {
    const { code, err } = await sluice(['explain', 'GET', '/', '-H', 'x-version', ...admin()]);
    assert.equal(code, 1);
    assert.match(err, /"x-version" is no header; write e\.g\. "x-version: v2"/);
  });
});

for (const [where, target, shown] of [
  [
    'through the admin API',
    (): string[] => admin(),
    /^orders: v1 95, v2 5 \(revision 1\)\nin force: v1 95 %/,
  ],
  [
    'in Redis',
    (): string[] => ['--redis', redis.url],
    /^orders: Redis holds v1 95, v2 5 \(revision 1\)\nwhat a gateway has in force: .*--admin HOST:PORT\n$/,
  ],
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
      assert.deepEqual(set, {
        code: 0,
        out: 'orders: v1 95, v2 5 (revision 1; before: none)\n',
        err: '',
      });
      const get = await sluice(['weights', 'get', 'orders', '--json', ...target()]);
      assert.deepEqual(JSON.parse(get.out).weights, { v1: 95, v2: 5 });
      assert.match((await sluice(['weights', 'get', 'orders', ...target()])).out, shown);
      const clear = await sluice(['weights', 'clear', 'orders', ...target()]);
      assert.equal(clear.out, 'orders: none (revision 2; before: v1 95, v2 5)\n');
      const history = await sluice(['weights', 'history', 'orders', ...target()]);
      assert.match(
        history.out,
        /^REVISION +WHEN +WHO +BY +FROM +TO +REASON\n2 .*\n1 .* none +v1 95, v2 5 +canary\n$/,
      );
    });

    it('undo, twice and by revision', async () => {
      const weights = (...args: string[]) => sluice(['weights', ...args, ...target()]);
      await weights('set', 'undone', 'v1=1');
      await weights('set', 'undone', 'v1=2');
      const shown = async (...args: string[]) => (await weights('undo', 'undone', ...args)).out;
      assert.equal(await shown(), 'undone: v1 1 (revision 3; before: v1 2)\n');
      assert.equal(await shown('--reason', 'oh no'), 'undone: v1 2 (revision 4; before: v1 1)\n');
      assert.equal(await shown('1'), 'undone: none (revision 5; before: v1 2)\n');
      assert.match(
        (await weights('history', 'undone')).out,
        /undo of revision 1\n4 .*undo of revision 3: oh no\n3 .*undo of revision 2\n/,
      );
      const missing = await weights('undo', 'undone', '99');
      assert.deepEqual([missing.code, missing.out], [1, '']);
      assert.match(missing.err, /there is no revision 99 in the ledger/);
    });

    it('--expect-revision: whoever is late is told who came first, with exit code 3', async () => {
      const set = (...args: string[]) => sluice(['weights', 'set', 'raced', ...args, ...target()]);
      assert.equal((await set('v1=1', '--expect-revision', '0', '--reason', 'first')).code, 0);
      const late = await set('v1=2', '--expect-revision', '0');
      assert.deepEqual([late.code, late.out], [3, '']);
      assert.match(
        late.err,
        /raced: revision 0 was expected, and .* set v1 1 by \w+ in revision 1 \(first\)/,
      );
    });

    it('--for, shown by get and history', async () => {
      const weights = (...args: string[]) => sluice(['weights', ...args, ...target()]);
      await weights('set', 'orders', 'v1=1');
      const set = await weights('set', 'orders', 'v2=1', '--for', '30m');
      assert.match(set.out, /^orders: v2 1 \(revision \d+; before: v1 1\)\ngoes back at 20\S+ to v1 1\n$/);
      assert.match((await weights('get', 'orders')).out, /^goes back at 20\S+ to v1 1$/m);
      assert.match((await weights('history', 'orders')).out, /v2 1 \(until 20\S+\)/);
      const json = JSON.parse((await weights('get', 'orders', '--json')).out);
      assert.deepEqual(json.reverts.to, { v1: '1' });
      assert.ok(Math.abs(Date.parse(json.reverts.at) - Date.now() - 1_800_000) < 60_000);
      const frozen = await weights('freeze', 'orders');
      assert.match(frozen.err, /^note: they would have gone back at 20\S+, and stay as they are now\n$/);
      await weights('unfreeze', 'orders');
      await weights('clear', 'orders');
    });

    it('freeze and unfreeze', async () => {
      const weights = (...args: string[]) => sluice(['weights', ...args, ...target()]);
      const frozen = await weights('freeze', 'orders', '--reason', 'black friday');
      assert.match(frozen.out, /^orders: frozen at none \(revision \d+\)\n$/);
      for (const args of [
        ['set', 'orders', 'v1=1'],
        ['clear', 'orders'],
        ['undo', 'orders'],
      ]) {
        const refused = await weights(...args);
        assert.deepEqual([refused.code, refused.out], [3, '']);
        assert.match(
          refused.err,
          /orders: frozen by \S+ since 20\S+: black friday; ask them, or unfreeze it/,
        );
      }
      assert.match((await weights('get', 'orders')).out, /^frozen by \S+ since 20\S+: black friday$/m);
      assert.match((await weights('unfreeze', 'orders')).out, /^orders: unfrozen at none/);
      assert.match((await weights('history', 'orders')).out, /unfrozen\n.* frozen +black friday\n/);
      assert.equal((await weights('unfreeze', 'orders')).code, 1);
      assert.equal((await weights('set', 'orders', 'v1=1')).code, 0);
      await weights('clear', 'orders');
    });
  });
}

describe('sluice weights get --redis tells what Redis holds, never what is in force', () => {
  const get = async (service: string) =>
    (await sluice(['weights', 'get', service, '--redis', redis.url])).out;
  const pointer = (service: string): string =>
    `what a gateway has in force: sluice weights get ${service} --admin HOST:PORT\n`;

  it('nothing', async () => {
    assert.equal(await get('nobody'), `nobody: Redis holds no weights\n${pointer('nobody')}`);
  });
  it('a bad value', async () => {
    const client = new Redis(redis.url);
    await client.hset('sluice:weights:users', 'v1', 'lots');
    client.disconnect();
    assert.equal(
      await get('users'),
      `users: Redis holds no good weights: the weight of v1, "lots", is not a number from 0 to 1000000000\n${pointer('users')}`,
    );
  });
});

it('sluice weights get of a service that a gateway does not know claims nothing of its weights', async () => {
  const { out } = await sluice(['weights', 'get', 'oders', ...admin()]);
  assert.equal(out, 'oders: not in the catalog, so nobody is sent there\n');
});

describe('likely mistakes are done, and noted on stderr', () => {
  const overAdmin = admin;
  const overRedis = (): string[] => ['--redis', redis.url];
  const table: [name: string, target: () => string[], service: string, weights: string[], notes: string[]][] =
    [
      ['every weight 0', overAdmin, 'orders', ['v1=0', 'v2=0'], ['this sends nobody to orders']],
      ['every weight 0, in Redis', overRedis, 'shop', ['v1=0'], ['this sends nobody to shop']],
      [
        'a version that is not live',
        overAdmin,
        'orders',
        ['v1=95', 'v22=5'],
        ['orders has no live version v22 (live: v1, v2)'],
      ],
      ['a service that is not there', overAdmin, 'oders', ['v1=1'], ['oders is not in the catalog']],
      ['an explicit 0 of a version to come', overAdmin, 'orders', ['v1=1', 'v3=0'], []],
    ];
  for (const [name, target, service, weights, notes] of table) {
    it(name, async () => {
      const { code, out, err } = await sluice(['weights', 'set', service, ...weights, ...target()]);
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^${service}: v1 \\d+.* \\(revision \\d+; before: .*\\)\\n$`));
      assert.equal(err, notes.map(note => `note: ${note}\n`).join(''));
      await sluice(['weights', 'clear', service, ...target()]);
    });
  }
});

it('--admin outranks the Redis of the environment, and --redis outranks --admin', async () => {
  const env = { REDIS_URL: redis.url };
  await sluice(['weights', 'set', 'orders', 'v1=7', ...admin()], env);
  const seen = async (...flags: string[]) => (await sluice(['weights', 'get', 'orders', ...flags], env)).out;
  assert.match(await seen(...admin()), /^orders: v1 7/);
  assert.match(await seen(), /Redis holds no weights/);
  assert.match(await seen('--redis', redis.url, ...admin()), /Redis holds no weights/);
});

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
