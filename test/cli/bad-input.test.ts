import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { run, runGateway } from '../support/processes.ts';
import { freePorts, startConsul, startRedis } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

const SLUICE = 'dist/src/cli/main.js';
const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
after(() => rmSync(folder, { recursive: true }));

const broken = join(folder, 'broken.yaml');
writeFileSync(broken, 'listen: ":8080"\n  consul: [\n');
const unknown = join(folder, 'unknown.yaml');
writeFileSync(unknown, 'lisen: ":8080"\n');

describe('what is asked wrongly ends with 2 and one clear line', () => {
  const table: [name: string, args: string[], line: RegExp][] = [
    ['an unknown command', ['gatewya'], /unknown command 'gatewya'\s*\(Did you mean gateway\?\)/],
    [
      'an unknown flag',
      ['gateway', '--lisen', ':80'],
      /unknown option '--lisen'\s*\(Did you mean --listen\?\)/,
    ],
    ['a flag without its value', ['gateway', '--listen'], /--listen <host:port>' argument missing/],
    ['an address without a colon', ['gateway', '--listen', '8080'], /--listen "8080": expected host:port/],
    [
      'two flags that exclude each other',
      ['gateway', '--passing-only', '--allow-warning'],
      /'--passing-only' cannot be used with option '--allow-warning'/,
    ],
    ['a bad Redis URL', ['gateway', '--redis', 'localhost'], /--redis: expected redis:\/\//],
    ['a broken config file', ['gateway', '--config', broken], /broken\.yaml: .* line 2/],
    [
      'an unknown setting',
      ['gateway', '--config', unknown],
      /unknown\.yaml:1: unknown setting "lisen"; known are listen/,
    ],
    ['a missing config file', ['gateway', '--config', join(folder, 'none')], /none: .*ENOENT/],
    [
      'a weight that is no number',
      ['weights', 'set', 'orders', 'v1=NaN'],
      /"v1=NaN": expected VERSION=WEIGHT/,
    ],
    ['a negative weight', ['weights', 'set', 'orders', 'v1=-1'], /"v1=-1": expected VERSION=WEIGHT/],
    ['a huge weight', ['weights', 'set', 'orders', 'v1=1e99'], /"v1=1e99": expected VERSION=WEIGHT/],
    ['a version named twice', ['weights', 'set', 'orders', 'v1=1', 'v1=2'], /v1 is named twice/],
    [
      'a Redis URL of no use',
      ['weights', 'get', 'orders', '--redis', 'redis://127.0.0.1/orders'],
      /the Redis URL must end in the number of a database/,
    ],
    ['an empty service name', ['weights', 'set', '', 'v1=1'], /"": expected a service name .* e\.g\. orders/],
    ['a service name of two lines', ['weights', 'get', 'a\nb'], /"a\\nb": expected a service name/],
    [
      'a time that is none',
      ['weights', 'set', 'orders', 'v1=1', '--for', '30'],
      /--for "30": expected a duration/,
    ],
    [
      'a revision that is none',
      ['weights', 'set', 'orders', 'v1=1', '--expect-revision', 'x'],
      /--expect-revision "x": expected a revision/,
    ],
    [
      'an undo of nothing',
      ['weights', 'undo', 'orders', '0'],
      /revision "0": expected a revision, .* from 1/,
    ],
    ['no weights at all', ['weights', 'set', 'orders'], /missing required argument 'version=weight'/],
    ['the embedded agent at a URL', ['dev', '--consul', 'https://consul'], /give it as host:port/],
  ];
  for (const [name, args, line] of table) {
    it(name, async () => {
      const process = run(SLUICE, args);
      assert.equal(await process.exited, 2);
      assert.match(process.stderr(), line);
      assert.doesNotMatch(process.stderr(), /\n {4}at /, 'no stack');
    });
  }

  it('every problem at once', async () => {
    const process = run(SLUICE, ['gateway', '--listen', 'x', '--drain', '5', '--log-level', 'loud']);
    assert.equal(await process.exited, 2);
    assert.equal(process.stderr().trim().split('\n').length, 3);
  });
});

describe('a port in use', () => {
  it('ends with 2, says which flag, and closes what had begun', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => holder.once('listening', resolve));
    const { port } = holder.address() as { port: number };
    const taken = `127.0.0.1:${port}`;
    const redis = await startRedis();
    const sources = ['--consul', '127.0.0.1:1', '--redis', redis.url];
    for (const [flag, args] of [
      ['--admin', ['dev', '--listen', '127.0.0.1:0', '--consul', '127.0.0.1:0', '--admin', taken]],
      ['--listen', ['dev', '--listen', taken, '--consul', '127.0.0.1:0', '--admin', '127.0.0.1:0']],
      ['--consul', ['dev', '--listen', '127.0.0.1:0', '--consul', taken, '--admin', '127.0.0.1:0']],
      ['--admin', ['gateway', '--listen', '127.0.0.1:0', ...sources, '--admin', taken]],
    ] as const) {
      const process = run(SLUICE, args);
      assert.equal(await process.exited, 2, process.stderr());
      const last = process.stderr().trim().split('\n').at(-1) ?? '';
      assert.match(last, /in use/);
      assert.ok(last.includes(String(port)) && last.includes(flag), last);
    }
    holder.close();
    await redis.stop();
  });
});

describe('Consul or Redis down at start', () => {
  it('waits, says so, is not ready, then serves', async () => {
    const { redis: redisPort } = await freePorts(['redis']);
    const consul = await startConsul();
    await consul.kill();
    const gateway = await runGateway([
      '--consul',
      consul.address,
      '--redis',
      `redis://127.0.0.1:${redisPort}`,
    ]);
    const readiness = async (): Promise<string> => {
      const answer = await fetch(`${gateway.admin}/readyz`);
      return `${answer.status} ${await answer.text()}`;
    };
    await eventually(async () => (await readiness()) === '503 waiting for Consul and Redis\n', {
      within: 5_000,
      hint: 'both are missed',
    });
    assert.equal((await fetch(`${gateway.admin}/healthz`)).status, 200);

    await consul.restart({ wipe: true });
    await eventually(async () => (await readiness()) === '503 waiting for Redis\n', {
      within: 15_000,
      hint: 'only Redis is missed',
    });
    const redis = await startRedis({ port: redisPort });
    await eventually(async () => (await readiness()) === '200 ready\n', { within: 10_000, hint: 'ready' });
    const front = await gateway.serving();
    assert.equal((await fetch(`${front}/.sluice/ready`)).status, 200);
    const warned = gateway.log().filter(line => line.level === 'warn' || line.level === 'error');
    assert.ok(warned.length >= 2 && warned.length <= 6, 'told, but not at every try');
    assert.equal(await gateway.stop(), 0);
    await Promise.all([consul.stop(), redis.stop()]);
  });

  it('SIGTERM while it waits ends it with 0', async () => {
    const gateway = await runGateway(['--consul', '127.0.0.1:1', '--redis', 'redis://127.0.0.1:1']);
    assert.equal(await gateway.stop(), 0);
  });
});

describe('--help', () => {
  for (const args of [[], ['gateway'], ['dev'], ['weights'], ['routes']]) {
    it(`sluice ${args.join(' ')} --help has examples`, async () => {
      const process = run(SLUICE, [...args, '--help']);
      assert.equal(await process.exited, 0);
      assert.match(process.stdout(), /Examples:\n {2}\S/);
    });
  }
});
