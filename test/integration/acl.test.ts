import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { SourceAnswer, StatusAnswer } from '../../src/admin/api.ts';
import { type GuardedConsul, startGuardedConsul } from '../support/acl.ts';
import { ROOT } from '../support/child.ts';
import { startLoad } from '../support/load.ts';
import { type RunningGateway, run, runGateway } from '../support/processes.ts';
import { freePorts } from '../support/servers.ts';
import { type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** The policies are those that docs/operations.md tells people to write. */
const policyOf = (title: string): string => {
  const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
  const [, policy] = new RegExp(`\`\`\`hcl\\n# ${title}\\n(.*?)\`\`\``, 's').exec(page) ?? [];
  assert.ok(policy, `docs/operations.md has a policy "# ${title}"`);
  return policy;
};

const GATEWAY = policyOf('the gateway');
const SIDECAR = policyOf('the sidecar of orders');

let consul: GuardedConsul;
let service: Service;
const folder = mkdtempSync(join(tmpdir(), 'sluice-acl-'));

const register = (name: string): Promise<unknown> =>
  consul.call('PUT', '/agent/service/register', {
    ...{ ID: name, Name: name, Address: '127.0.0.1', Port: service.port },
    Tags: [`path=/${name}`],
  });

const statusOf = async ({ admin }: RunningGateway): Promise<SourceAnswer> =>
  ((await (await fetch(`${admin}/api/status`)).json()) as StatusAnswer).consul;

const isRouted = (front: string, name: string, within: number): Promise<true> =>
  eventually(async () => (await fetch(`${front}/${name}`)).status === 200, {
    within,
    hint: `${name} is routed`,
  });

const start = async (t: TestContext, env: Record<string, string>, args: readonly string[] = []) => {
  const gateway = await runGateway(
    ['--consul', consul.address, '--redis', 'off', '--access-log', 'off', ...args],
    { env },
  );
  t.after(() => gateway.stop());
  return gateway;
};

before(async () => {
  [consul, service] = await Promise.all([startGuardedConsul(), startService('hello')]);
  for (const name of ['orders', 'users', 'carts', 'search']) await register(name);
});
after(async () => {
  await Promise.all([consul.stop(), service.stop()]);
  rmSync(folder, { recursive: true });
});

describe('least rights, in a Consul that denies by default', () => {
  it('a gateway follows the catalog with them', async t => {
    const token = await consul.token(GATEWAY);
    const gateway = await start(t, { CONSUL_HTTP_TOKEN: token.secret });
    const front = await gateway.serving();
    await isRouted(front, 'orders', 2_000);
    await register('late');
    await isRouted(front, 'late', 2_000);
    await consul.call('PUT', '/agent/service/deregister/late');
    await eventually(async () => (await fetch(`${front}/late`)).status === 404, {
      within: 2_000,
      hint: 'what is deregistered is gone at once',
    });
    assert.equal((await statusOf(gateway)).state, 'up');
  });

  it('a sidecar registers, reports and deregisters with them, and no other service', async t => {
    const token = await consul.token(SIDECAR);
    const { port } = await freePorts(['port']);
    const sidecarOf = (name: string) =>
      run(
        'dist/sidecar/main.js',
        [
          ...['--service', name, '--id', `beside-${name}`, '--port', `${port}`, '--address', '127.0.0.1'],
          ...['--ttl', '3s', '--consul', consul.address, '--access-log', 'off', '--drain', '0s'],
          ...['--', process.execPath, join(ROOT, 'test/support/program.mjs')],
        ],
        { env: { CONSUL_HTTP_TOKEN: token.secret } },
      );
    const ids = async (): Promise<string[]> => {
      const entries = (await consul.call('GET', '/health/service/orders?passing')) as {
        Service: { ID: string };
      }[];
      return entries.map(({ Service }) => Service.ID);
    };
    const sidecar = sidecarOf('orders');
    t.after(() => sidecar.stop());
    await eventually(async () => (await ids()).includes('beside-orders'), {
      within: 15_000,
      hint: () => `registered; it said ${sidecar.stderr()}`,
    });
    assert.equal(await sidecar.stop(), 0);
    assert.equal((await ids()).includes('beside-orders'), false);

    const stranger = sidecarOf('users');
    t.after(() => stranger.stop());
    await eventually(() => /refused the token.*service:write/.test(stranger.stderr()), {
      within: 15_000,
      hint: () => `it is refused; it said ${stranger.stderr()}`,
    });
  });

  it('a token without any rights is told at the start, instead of an empty table alone', async t => {
    const token = await consul.token('');
    const gateway = await start(t, { CONSUL_HTTP_TOKEN: token.secret });
    await gateway.serving();
    assert.match(
      gateway.stderr(),
      /Consul lists no services, not even its own: the token may lack service:read/,
    );
  });

  it('so is one that may read services but no nodes', async t => {
    const token = await consul.token('service_prefix "" { policy = "read" }');
    const gateway = await start(t, { CONSUL_HTTP_TOKEN: token.secret });
    await gateway.serving();
    await eventually(() => /the token may lack node:read/.test(gateway.stderr()), {
      within: 5_000,
      hint: () => `it says so; it said ${gateway.stderr()}`,
    });
  });
});

describe('a token that loses its rights, under load', () => {
  const underLoad = async (t: TestContext, gateway: RunningGateway, script: () => Promise<void>) => {
    const load = startLoad(t, `${await gateway.serving()}/orders`, { perSecond: 200 });
    await script();
    // However soon it was over, there was traffic.
    await eventually(() => load.sent() > 50, { within: 5_000, hint: 'requests' });
    const { statuses, requests, bad } = await load.stop();
    t.diagnostic(`${requests} requests: ${JSON.stringify(statuses)}`);
    assert.deepEqual(statuses, { 200: requests }, bad.join('\n'));
  };

  it('is revoked and replaced: the table holds, says so, and the new token is found in the file', async t => {
    const file = join(folder, 'token');
    const first = await consul.token(GATEWAY);
    writeFileSync(file, `${first.secret}\n`);
    const gateway = await start(t, { CONSUL_HTTP_TOKEN_FILE: file });
    const front = await gateway.serving();
    await underLoad(t, gateway, async () => {
      await first.revoke();
      // Whatever wakes the queries of the old token.
      await register('after-the-revocation');
      const { detail = '' } = await eventually(
        async () => {
          const status = await statusOf(gateway);
          return status.state === 'down' && status;
        },
        { within: 5_000, hint: 'Consul counts as away' },
      );
      assert.match(detail, /token/);
      assert.ok(!detail.includes(first.secret));
      assert.equal((await fetch(`${front}/users`)).status, 200);

      const second = await consul.token(GATEWAY);
      writeFileSync(`${file}.new`, second.secret);
      renameSync(`${file}.new`, file);
      await isRouted(front, 'after-the-revocation', 5_000);
      // Each watch finds the new token by itself.
      await eventually(async () => (await statusOf(gateway)).state === 'up', {
        within: 5_000,
        hint: 'Consul counts as back',
      });
    });
    assert.ok(!gateway.stderr().includes(first.secret));
    await consul.call('PUT', '/agent/service/deregister/after-the-revocation');
  });

  const LOSSES: readonly [string, string][] = [
    ['all of them', ''],
    ['node:read', 'service_prefix "" { policy = "read" }'],
    ['service:read', 'node_prefix "" { policy = "read" }'],
  ];
  for (const [lost, rest] of LOSSES) {
    it(`loses ${lost}: what was known stays in force, and it follows again once they are back`, async t => {
      const token = await consul.token(GATEWAY);
      const gateway = await start(t, { CONSUL_HTTP_TOKEN: token.secret }, ['--hold', '1s']);
      const front = await gateway.serving();
      await underLoad(t, gateway, async () => {
        await token.allow(rest);
        // Consul's queries wake up for what changes, not for what a policy hides.
        await register('waker');
        await eventually(() => /token may|refused the token|not even its own/.test(gateway.stderr()), {
          within: 5_000,
          hint: () => `it says so; it said ${gateway.stderr().slice(-500)}`,
        });
        // Longer than the hold.
        await new Promise(resolve => setTimeout(resolve, 1_500));
        await token.allow(GATEWAY);
        await register('second-waker');
        for (const name of ['waker', 'second-waker', 'users']) await isRouted(front, name, 5_000);
        for (const name of ['waker', 'second-waker'])
          await consul.call('PUT', `/agent/service/deregister/${name}`);
      });
    });
  }
});
