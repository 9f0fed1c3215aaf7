import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type RunningGateway, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** A gateway with route documents from a folder and from a real Consul's keys. */
let consul: ConsulServer;
let services: Service[];
let folder: string;
let gateway: RunningGateway;
let traffic: string;

const document = (name: string, path: string, backends: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec:
  rules:
    - matches: [{path: {value: ${path}}}]
      backendRefs: [${backends}]
`;

const inRoutes = (file: string): string => join(folder, 'routes', file);
const start = async (): Promise<void> => {
  gateway = await runGateway([
    ...['--consul', consul.address, '--redis', 'off', '--access-log', 'off'],
    ...['--routes', join(folder, 'routes'), '--state-dir', join(folder, 'state')],
  ]);
  traffic = await gateway.serving();
};
const get = async (path: string): Promise<string> => {
  const response = await fetch(`${traffic}${path}`);
  const body = await response.text();
  return response.ok ? body : `${response.status} ${(JSON.parse(body) as { code: string }).code}`;
};
const until = (path: string, wanted: string): Promise<unknown> =>
  eventually(async () => (await get(path)) === wanted, {
    within: 10_000,
    hint: () => `${path} is answered by ${wanted}; the gateway said: ${gateway.stderr().slice(-800)}`,
  });
const sluice = async (...args: readonly string[]) => {
  const process = run('dist/src/cli/main.js', [...args, '--admin', gateway.admin.replace('http://', '')], {});
  return { code: await process.exited, out: process.stdout() };
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-documents-'));
  await mkdir(join(folder, 'routes'));
  consul = await startConsul();
  services = await Promise.all(['one', 'two-v1', 'two-v2'].map(name => startService(name)));
  for (const [index, [Name, version]] of [
    ['one', 'v1'],
    ['two', 'v1'],
    ['two', 'v2'],
  ].entries()) {
    const Port = services[index]?.port ?? 0;
    await register(consul.address, {
      ID: `${Name}-${version}`,
      Name: `${Name}`,
      Port,
      Tags: [`version=${version}`],
    });
  }
  await writeFile(inRoutes('a.yaml'), document('a', '/a', '{name: one}'));
  await start();
});
after(async () => {
  assert.equal(await gateway.stop(), 0);
  await Promise.all([consul.stop(), ...services.map(service => service.stop())]);
  await rm(folder, { recursive: true });
});

describe('route documents of a running gateway', () => {
  it('are in force when it begins to serve, and follow the files', async () => {
    assert.equal(await get('/a/1'), 'one');
    await writeFile(inRoutes('a.yaml'), document('a', '/a', '{name: two, version: v2}'));
    await until('/a/1', 'two-v2');
    await writeFile(inRoutes('b.yaml'), document('b', '/b', '{name: nobody}'));
    await until('/b', '500 no_backend');
  });

  it('follow the keys in Consul', async () => {
    const key = `http://${consul.address}/v1/kv/sluice/routes/c`;
    await fetch(key, {
      method: 'PUT',
      body: document('c', '/c', '{name: two, version: v1}, {name: one, weight: 0}'),
    });
    await until('/c', 'two-v1');
    await fetch(key, { method: 'DELETE' });
    await until('/c', '404 no_route');
  });

  it('that go bad stay as they were, and sluice lint says so', async () => {
    await rm(inRoutes('b.yaml'));
    await until('/b', '404 no_route');
    assert.deepEqual(await sluice('lint'), {
      code: 0,
      out: 'Nothing is in quarantine: all that was told is served.\n',
    });
    await writeFile(inRoutes('a.yaml'), document('a', 'a', '{name: one}'));
    const { out } = await eventually(
      async () => {
        const answer = await sluice('lint');
        return answer.code === 1 && answer;
      },
      { within: 10_000, hint: 'lint' },
    );
    assert.match(out, /document +default\/a +spec\.rules\[0\]\.matches\[0\]\.path\.value/);
    assert.match(out, /begins with "\/", not "a"/);
    assert.ok(out.includes(`${inRoutes('a.yaml')}:6:`), out);
    const { quarantine } = JSON.parse((await sluice('lint', '--json')).out);
    assert.equal(quarantine[0].kind, 'document');
    assert.equal(await get('/a'), 'two-v2');
  });

  it('and outlast a restart', async () => {
    assert.equal(await gateway.stop(), 0);
    await start();
    assert.equal(await get('/a'), 'two-v2');
    await writeFile(inRoutes('a.yaml'), document('a', '/a', '{name: one}'));
    await until('/a', 'one');
    assert.equal((await sluice('lint')).code, 0);
  });
});
