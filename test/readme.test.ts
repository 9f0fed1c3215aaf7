import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type RunningGateway, type RunningProcess, run, runGateway } from './support/processes.ts';
import {
  type ConsulServer,
  freePorts,
  type RedisServer,
  startConsul,
  startRedis,
} from './support/servers.ts';
import { deregister, register, type Service, startService } from './support/service.ts';
import { eventually } from './support/wait.ts';

/**
 * Every command and every tag of the README is run here, in its order. Servers that the README starts in the
 * foreground are started by `starts`; the rest goes to a shell as it stands. Only addresses differ, so that the
 * tests may run on a machine where the well-known ports are taken.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'sluice-readme-'));
let consul: ConsulServer;
let redis: RedisServer;
let orders: Service;
let gateway: RunningGateway;
let front = '';
const running: RunningProcess[] = [];
let programPort = 0;

/** One command a line, but for what is quoted over several. */
const commands = [...README.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
  (block.match(/(?:'[^']*'|"[^"]*"|[^'"\n])+/g) ?? []).map(command => command.trim()),
);

const withRealAddresses = (command: string): string =>
  command
    .replaceAll('127.0.0.1:8500', consul.address)
    .replaceAll('http://127.0.0.1:8080', front)
    .replaceAll('127.0.0.1:3001', `127.0.0.1:${orders.port}`)
    .replaceAll('"Port": 3001', `"Port": ${orders.port}`)
    .replaceAll('redis://127.0.0.1:6379', redis.url);

/** A shell in which `npx sluice` is this checkout and the defaults are the test's servers. */
const shell = (command: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = {
      PATH: `${folder}:${process.env.PATH}`,
      HOME: folder,
      SLUICE_ADMIN: gateway.admin.replace('http://', ''),
    };
    execFile('sh', ['-c', command], { env, cwd: ROOT, timeout: 20_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${command}\n${stdout}${stderr}`));
    });
  });

/** What stays in the foreground, and how the test starts the same. */
const starts: Record<string, () => Promise<void>> = {
  'npx sluice dev': async () => {
    const dev = await runGateway(['--consul', '127.0.0.1:0'], { command: 'dev' });
    assert.equal((await fetch(`${await dev.serving()}/`)).status, 404);
    assert.equal(await dev.stop(), 0);
  },
  'consul agent -dev': async () => {},
  'redis-server': async () => {},
  'npx sluice gateway': async () => {},
  'npx sluice-sidecar --service orders --version v2 --path /orders --port 3002 -- node app.js': async () => {
    writeFileSync(
      join(folder, 'app.js'),
      `require('http').createServer((_, res) => res.end('from the program')).listen(process.env.PORT, '127.0.0.1')`,
    );
    const args = `--service orders --version v2 --path /orders --port ${programPort} -- node app.js`.split(
      ' ',
    );
    const sidecar = run('dist/sidecar/main.js', args, {
      cwd: folder,
      env: { CONSUL_HTTP_ADDR: consul.address },
    });
    running.push(sidecar);
    await eventually(async () => (await (await fetch(`${front}/orders/1`)).text()) === 'from the program', {
      within: 15_000,
      hint: () => sidecar.stderr(),
    });
  },
};

/** What a command must have done, where its exit code alone does not tell. */
const shows: Record<string, RegExp> = {
  'curl http://127.0.0.1:8080/orders/1': /^hello$/,
  'npx sluice routes': /^\/orders\/\* +orders +v1 100 %/m,
  'redis-cli HSET sluice:weights:orders v1 95 v2 5': /^2$/m,
  'redis-cli PUBLISH sluice:weights orders': /^1$/m,
  'npx sluice weights get orders': /^orders: v1 95, v2 5/,
  'npx sluice weights history orders': /canary/,
  'npx sluice weights clear orders': /^orders: none/,
};

const own = (name: string, script: string): void =>
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

before(async () => {
  programPort = (await freePorts(['program'])).program;
  [consul, redis] = await Promise.all([startConsul(), startRedis()]);
  orders = await startService('hello');
  gateway = await runGateway(['--access-log', 'off'], {
    env: { CONSUL_HTTP_ADDR: consul.address, REDIS_URL: redis.url },
  });
  front = await gateway.serving();
  // Found before the machine's own: this checkout without asking a registry, and the test's Redis.
  own('npx', `test "$1" = sluice && shift && exec node '${ROOT}dist/src/cli/main.js' "$@"`);
  own('redis-cli', `PATH=\${PATH#*:} exec redis-cli -p ${redis.port} "$@"`);
});
after(async () => {
  await Promise.all(running.map(each => each.stop()));
  assert.equal(await gateway.stop(), 0);
  await Promise.all([consul.stop(), redis.stop(), orders.stop()]);
  rmSync(folder, { recursive: true });
});

describe('every command of the README', () => {
  it('is found', () => assert.ok(commands.length >= 13, `${commands.length} commands`));
  for (const command of commands) {
    it(command.split('\n')[0] ?? '', async () => {
      const start = starts[command];
      if (start !== undefined) await start();
      else {
        const expected = shows[command] ?? /^/;
        let printed = '';
        await eventually(
          async () => {
            printed = await shell(withRealAddresses(command));
            return expected.test(printed);
          },
          { within: 10_000, hint: () => `${command} printed ${printed}` },
        );
      }
    });
  }
});

describe('every tag of the README', () => {
  const rows = [...README.matchAll(/^\| (`[a-z-]+=[^|]*) \|/gm)].map(([, tags = '']) => tags);
  const tags = rows.flatMap(row => [...row.matchAll(/`([^`]+)`/g)].map(([, tag = '']) => tag));

  /**
   * tag -> further tags, and requests (host, path, further fields) with the path that the service must see; undefined is a
   * 404, an expression is what the whole answer has to fit.
   */
  const table: Record<
    string,
    {
      with?: string[];
      requests: [host: string, path: string, sees: string | undefined | RegExp, field?: string][];
      /** What `/api/routes` says of it. */
      routes?: string;
      /** What takes more than one instance to see. */
      among?: () => Promise<void>;
    }
  > = {
    'path=/orders': {
      requests: [
        ['x', '/orders', '/orders'],
        ['x', '/orders/1', '/orders/1'],
        ['x', '/ordersX', undefined],
      ],
    },
    'exact=/orders': {
      requests: [
        ['x', '/orders', '/orders'],
        ['x', '/orders/1', undefined],
      ],
    },
    'host=shop.example.com': {
      requests: [
        ['shop.example.com', '/any', '/any'],
        ['example.com', '/any', undefined],
      ],
    },
    'host=*.example.com': {
      requests: [
        ['a.b.example.com', '/any', '/any'],
        ['example.com', '/any', undefined],
      ],
    },
    'method=GET,HEAD': { with: ['path=/t'], requests: [['x', '/t', '/t']], routes: '"method":"HEAD"' },
    'header=x-tenant:acme': {
      with: ['path=/t'],
      requests: [
        ['x', '/t', '/t', 'x-tenant: acme'],
        ['x', '/t', undefined, 'x-tenant: other'],
      ],
    },
    'query=beta:1': {
      with: ['path=/t'],
      requests: [
        ['x', '/t?beta=1', '/t?beta=1'],
        ['x', '/t?beta=2', undefined],
      ],
    },
    'version=v2': { with: ['path=/t'], requests: [['x', '/t', '/t']], routes: '"version":"v2"' },
    'weight=5': {
      with: ['path=/t'],
      requests: [['x', '/t', '/t']],
      among: async () => {
        await join('path=/t', 'version=v9', 'weight=15');
        const isShared = async () => (await routes()).includes('"share":0.25');
        await eventually(isShared, { within: 3_000, hint: '5 of 20' });
      },
    },
    'strip=/orders': {
      with: ['path=/orders'],
      requests: [
        ['x', '/orders/1', '/1'],
        ['x', '/orders', '/'],
      ],
    },
    'strip=true': { with: ['path=/a/b'], requests: [['x', '/a/b/c', '/c']] },
    'rewrite=/new': { with: ['path=/a'], requests: [['x', '/a/b', '/new/b']] },
    'rewrite-host=shop.internal': { with: ['path=/t'], requests: [['x', '/t', /^shop\.internal \/t$/]] },
    'proto=http': { with: ['path=/t'], requests: [['x', '/t', '/t']] },
    'balance=round-robin': {
      with: ['path=/t'],
      requests: [['x', '/t', '/t']],
      routes: '"balance":"round-robin"',
    },
    'hash=cookie:sid': {
      with: ['path=/t'],
      requests: [['x', '/t', '/t']],
      routes: '"balance":"hash","hash":{"of":"cookie","name":"sid"}',
    },
    'sticky=cookie:sid': {
      with: ['path=/t'],
      requests: [['x', '/t', '/t']],
      routes: '"sticky":{"of":"cookie","name":"sid"}',
    },
    'allow=10.0.0.0/8,192.0.2.7': { with: ['path=/t'], requests: [['x', '/t', /"forbidden"/]] },
    'deny=10.0.0.66': { with: ['path=/t'], requests: [['x', '/t', '/t']] },
    'rate-limit=100/s': { with: ['path=/t'], requests: [['x', '/t', '/t']] },
    'auth=sessions/verify': { with: ['path=/t'], requests: [['x', '/t', /"auth_unavailable"/]] },
    'auth-fields=x-user,x-groups': {
      with: ['path=/t', 'auth=sessions'],
      requests: [['x', '/t', /"auth_unavailable"/]],
    },
    'timeout=2s': { with: ['path=/t'], requests: [['x', '/t/never', /"upstream_timeout"/]] },
    'retries=1': {
      with: ['path=/t'],
      requests: [['x', '/t', '/t']],
      routes: '"retries":1',
      among: async () => {
        for (let i = 0; i < 3; i += 1) await join('path=/t', 'retries=1');
        const areIn = async () => (await routes()).split('"port"').length === 1 + 4;
        await eventually(areIn, { within: 3_000, hint: 'four instances' });
        assert.match(await ask('x', '/t/drop'), /"upstream_reset"/);
        assert.equal(dropped, 2);
      },
    },
  };

  it('has its row here', () => assert.deepEqual(tags, Object.keys(table)));

  let at: ConsulServer;
  let local: RunningGateway;
  let origin = '';
  let dropped = 0;
  const echoes: Service[] = [];

  const join = async (...tags: string[]): Promise<void> => {
    const echo = await startService((req, res) => {
      if (req.url === '/t/drop') {
        dropped += 1;
        req.socket.destroy();
      } else if (req.url !== '/t/never') res.end(`${req.headers.host} ${req.url}`);
    });
    const ID = `tagged-${echoes.push(echo)}`;
    await register(at.address, { ID, Name: 'tagged', Port: echo.port, Tags: tags });
  };
  const leave = async (): Promise<void> => {
    for (let i = echoes.length; i > 0; i -= 1) await deregister(at.address, `tagged-${i}`);
    await Promise.all(echoes.splice(0).map(echo => echo.stop()));
    await eventually(async () => (await routes()).includes('"routes":[]'), {
      within: 5_000,
      hint: 'no routes',
    });
  };
  const routes = async () => (await fetch(`${local.admin}/api/routes`)).text();
  const ask = (host: string, path: string, field = 'x-none: 1'): Promise<string> =>
    shell(`curl -s --max-time 5 -H 'Host: ${host}' -H '${field}' '${origin}${path}'`);

  before(async () => {
    at = await startConsul();
    local = await runGateway(['--consul', at.address, '--redis', 'off', '--access-log', 'off']);
    origin = new URL(await local.serving()).origin;
  });
  after(async () => {
    assert.equal(await local.stop(), 0);
    await at.stop();
  });
  afterEach(leave);

  for (const [
    tag,
    { with: further = [], requests, routes: inRoutes = '"version":"default"', among },
  ] of Object.entries(table)) {
    it(tag, async () => {
      await join(tag, ...further);
      for (const [host, path, sees = /"no_route"/, field] of requests) {
        await eventually(
          async () => {
            const answer = await ask(host, path, field);
            return typeof sees === 'string' ? answer === `${host} ${sees}` : sees.test(answer);
          },
          { within: 8_000, hint: `${host}${path} -> ${sees}` },
        );
      }
      assert.ok((await routes()).includes(inRoutes), await routes());
      await among?.();
    });
  }
});

describe('what the README shows of routing is what is printed', () => {
  // Rollouts take their time: what their commands print is held by test/integration/canary.test.ts.
  const shown = [...README.matchAll(/^```console\n\$ npx (sluice (?!canary).*)\n([\s\S]*?)^```$/gm)];
  let at: ConsulServer;
  let local: RunningGateway;

  const put = (ID: string, Address: string, Tags: string[], more = {}): Promise<void> =>
    register(at.address, { ID, Name: ID.replace(/-\d$/, ''), Address, Port: 3001, Tags, ...more });

  before(async () => {
    at = await startConsul({ config: { node_name: 'web' } });
    local = await runGateway(['--consul', at.address, '--redis', 'off', '--access-log', 'off']);
    const critical = { Check: { TTL: '60s', Status: 'critical' } };
    await put('orders-1', '10.0.0.11', ['path=/orders', 'version=v1', 'weight=95']);
    await put('orders-2', '10.0.0.12', ['path=/orders', 'version=v2', 'weight=5']);
    await put('orders-3', '10.0.0.13', ['path=/orders', 'version=v2', 'weight=5'], critical);
    await put('beta-1', '10.0.0.21', ['path=/orders', 'header=x-beta:1']);
    await put('users-1', '10.0.0.31', ['host=users.example.com']);
  });
  after(async () => {
    assert.equal(await local.stop(), 0);
    await at.stop();
  });

  const mishaps: Record<string, () => Promise<void>> = {
    'sluice lint': async () => {
      await put('shop-1', '10.0.0.41', ['path=/orders', 'timeout=fast']);
      await put('billing-1', '10.0.0.51', ['pth=/billing']);
    },
  };

  const timeless = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]{12}Z/g, '(a time)');

  it('in three commands', () =>
    assert.deepEqual(
      shown.map(([, command = '']) => command.split(' ')[1]),
      ['routes', 'explain', 'lint'],
    ));
  for (const [, command = '', output = ''] of shown) {
    it(command, async () => {
      await mishaps[command]?.();
      const script = `npx ${command} --admin ${local.admin.replace('http://', '')}; true`;
      let printed = '';
      await eventually(
        async () => {
          printed = timeless(await shell(script));
          return printed === timeless(output);
        },
        { within: 10_000, hint: () => printed },
      );
    });
  }
});
