import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { type ConsulServer, freePorts, startConsul } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** A Consul that speaks https to those who show a certificate of its authority, which its own tool makes. */
const folder = mkdtempSync(join(tmpdir(), 'sluice-consul-tls-'));
const file = (name: string): string => join(folder, name);
let consul: ConsulServer;
let service: Service;
let https = 0;

before(async () => {
  for (const make of [
    ['ca', 'create'],
    ['cert', 'create', '-server', '-dc', 'dc1'],
    ['cert', 'create', '-client', '-dc', 'dc1'],
  ])
    execFileSync('consul', ['tls', ...make], { cwd: folder, stdio: 'ignore' });
  ({ https } = await freePorts(['https']));
  [consul, service] = await Promise.all([
    startConsul({
      config: {
        ports: { https },
        ca_file: file('consul-agent-ca.pem'),
        cert_file: file('dc1-server-consul-0.pem'),
        key_file: file('dc1-server-consul-0-key.pem'),
        verify_incoming_https: true,
      },
    }),
    startService('hello'),
  ]);
  await register(consul.address, { ID: 'o', Name: 'orders', Port: service.port, Tags: ['path=/orders'] });
});
after(async () => {
  await Promise.all([consul.stop(), service.stop()]);
  rmSync(folder, { recursive: true });
});

const start = (env: Record<string, string>): Promise<RunningGateway> =>
  runGateway(['--redis', 'off', '--access-log', 'off'], {
    env: { CONSUL_HTTP_ADDR: `127.0.0.1:${https}`, CONSUL_HTTP_SSL: 'true', ...env },
  });

const OURS = {
  CONSUL_CACERT: file('consul-agent-ca.pem'),
  CONSUL_CLIENT_CERT: file('dc1-client-consul-0.pem'),
  CONSUL_CLIENT_KEY: file('dc1-client-consul-0-key.pem'),
};

describe('Consul behind TLS, with the variables of its own tools', () => {
  for (const [name, env] of [
    ['authority and certificate', OURS],
    ['the name that is expected', { ...OURS, CONSUL_TLS_SERVER_NAME: 'server.dc1.consul' }],
  ] as const) {
    it(`${name}: followed, changes too`, async t => {
      const gateway = await start(env);
      t.after(() => gateway.stop());
      const front = await gateway.serving();
      assert.equal(await (await fetch(`${front}/orders`)).text(), 'hello');
      await register(consul.address, { ID: 'l', Name: 'late', Port: service.port, Tags: ['path=/late'] });
      await eventually(async () => (await fetch(`${front}/late`)).status === 200, {
        within: 2_000,
        hint: 'a change is followed',
      });
    });
  }

  const REFUSALS: readonly [string, Record<string, string>, RegExp][] = [
    ['an authority that nobody named', { CONSUL_CACERT: '' }, /CONSUL_CACERT names the authority/],
    ['no certificate of ours', { CONSUL_CLIENT_CERT: '', CONSUL_CLIENT_KEY: '' }, /CONSUL_CLIENT_CERT/],
    ['another name', { CONSUL_TLS_SERVER_NAME: 'other.example' }, /CONSUL_TLS_SERVER_NAME/],
  ];
  for (const [name, env, hint] of REFUSALS) {
    it(`${name}: not followed, and the log says which variable helps`, async t => {
      const gateway = await start({ ...OURS, ...env });
      t.after(() => gateway.stop());
      await eventually(() => hint.test(gateway.stderr()), {
        within: 5_000,
        hint: () => `${hint}; it said ${gateway.stderr()}`,
      });
      assert.equal((await fetch(`${gateway.admin}/readyz`)).status, 503);
    });
  }
});
