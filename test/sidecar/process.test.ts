import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type ConsulServer, freePorts, startConsul } from '../support/servers.ts';
import { startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';
import {
  entriesOf,
  isPassing,
  MAIN,
  NODE_APP,
  PYTHON_APP,
  type SidecarOptions,
  startSidecar,
  statusOf,
} from './support.ts';

let consul: ConsulServer;

/** Ends with its test. */
const start = async (t: TestContext, options: Omit<SidecarOptions, 'consul'> & { consul?: string } = {}) => {
  const sidecar = await startSidecar({ consul: consul.address, ...options });
  t.after(() => sidecar.stop());
  return sidecar;
};
const passing = (service: string) =>
  eventually(() => isPassing(consul.address, service), { within: 10_000, hint: `${service} is passing` });
const gone = (service: string, within: number) =>
  eventually(async () => (await entriesOf(consul.address, service)).length === 0, {
    within,
    hint: `${service} is gone`,
  });

before(async () => {
  consul = await startConsul();
});
after(() => consul.stop());

describe('a program beside the sidecar', { concurrency: 3 }, () => {
  it('in Node is registered when it listens, reached through the inbound port, and leaves in order', async t => {
    const sidecar = await start(t, {
      service: 'waits',
      args: ['--version', 'v2', '--path', '/waits', '--tag', 'weight=5', '--id', 'waits-1'],
      env: { LISTEN_AFTER: '700', NAME: 'waits' },
    });
    await sidecar.said('the program is started');
    assert.deepEqual(await entriesOf(consul.address, 'waits'), [], 'not before it listens');
    await passing('waits');
    const inbound = await sidecar.inbound();
    const [entry] = await entriesOf(consul.address, 'waits');
    assert.deepEqual(entry?.Service.Tags, ['version=v2', 'path=/waits', 'weight=5']);
    assert.equal(entry?.Service.ID, 'waits-1');
    assert.equal(`http://127.0.0.1:${entry?.Service.Port}`, inbound);
    assert.notEqual(entry?.Service.Port, sidecar.port);

    const answer = await fetch(`${inbound}/waits/1?q=2`);
    assert.equal(((await answer.json()) as { path: string }).path, '/waits/1?q=2');

    sidecar.kill('SIGHUP');
    await eventually(() => sidecar.output().includes('waits got SIGHUP'), {
      within: 5_000,
      hint: 'the signal is passed on',
    });
    sidecar.kill('SIGTERM');
    await gone('waits', 2_000);
    assert.equal((await fetch(inbound)).status, 200, 'it serves on after its deregistration');
    assert.equal(await sidecar.exited, 0);
    assert.match(sidecar.output(), /waits got SIGTERM/);
  });

  it('in Python needs no line of code', async t => {
    const sidecar = await start(t, { service: 'snake', command: PYTHON_APP });
    await passing('snake');
    const answer = await fetch(`${await sidecar.inbound()}/x`);
    assert.deepEqual(await answer.json(), { name: 'python', path: '/x' });
    sidecar.kill('SIGTERM');
    assert.equal(await sidecar.exited, 143, 'Python ends by the signal, and a shell would say 143');
  });

  it('that dies is deregistered at once, and its exit code passed on', async t => {
    const sidecar = await start(t, { service: 'dies' });
    await passing('dies');
    const inbound = await sidecar.inbound();
    const { pid } = (await (await fetch(inbound)).json()) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await gone('dies', 1_000);
    assert.equal(await sidecar.exited, 137);
  });

  it('that ends before it listens is never registered', async t => {
    const sidecar = await start(t, { service: 'never', command: ['sh', '-c', 'exit 7'] });
    assert.equal(await sidecar.exited, 7);
    assert.match(sidecar.output(), /the program ended before it was well at port \d+/);
    assert.deepEqual(await entriesOf(consul.address, 'never'), []);
  });

  it('is waited for until its health path answers, and followed by it from then on', async t => {
    const sidecar = await start(t, { service: 'sick', args: ['--health', '/healthz'] });
    await passing('sick');
    const inbound = await sidecar.inbound();
    await fetch(`${inbound}/sick`);
    await eventually(async () => (await statusOf(consul.address, 'sick')) === 'critical', {
      within: 2_500,
      hint: 'critical at the next look',
    });
    await fetch(`${inbound}/better`);
    await eventually(() => isPassing(consul.address, 'sick'), { within: 2_500, hint: 'passing again' });
  });

  it('whose sidecar is killed turns critical when the TTL is over', async t => {
    const sidecar = await start(t, { service: 'orphan', args: ['--ttl', '1s'] });
    await passing('orphan');
    const { pid } = (await (await fetch(await sidecar.inbound())).json()) as { pid: number };
    t.after(() => process.kill(pid, 'SIGKILL'));
    sidecar.kill('SIGKILL');
    await eventually(async () => (await statusOf(consul.address, 'orphan')) === 'critical', {
      within: 4_000,
      hint: 'critical',
    });
  });

  it('is stopped too when it has never become well', async t => {
    const sidecar = await start(t, { service: 'slow', command: ['sleep', '60'] });
    await sidecar.said('the program is started');
    sidecar.kill('SIGINT');
    assert.equal(await sidecar.exited, 143);
  });

  it("does not get the terminal's Ctrl-C itself, and serves until it is deregistered", async t => {
    const sidecar = await start(t, { service: 'ctrlc', env: { NAME: 'ctrlc' } });
    await passing('ctrlc');
    const inbound = await sidecar.inbound();
    // As a terminal does it: to the whole foreground group, and once more by npm or a shell around it.
    process.kill(-sidecar.pid, 'SIGINT');
    process.kill(sidecar.pid, 'SIGINT');
    await gone('ctrlc', 2_000);
    assert.equal((await fetch(inbound)).status, 200);
    assert.equal(await sidecar.exited, 0);
    assert.equal(sidecar.output().match(/ctrlc got SIGTERM/g)?.length, 1);
  });
});

describe('a sidecar whose Consul', { concurrency: 2 }, () => {
  it('is wiped registers again', async t => {
    const own = await startConsul();
    try {
      await start(t, { service: 'again', consul: own.address, args: ['--ttl', '3s'] });
      await eventually(() => isPassing(own.address, 'again'), { within: 10_000, hint: 'passing' });
      await own.restart({ wipe: true });
      await eventually(() => isPassing(own.address, 'again'), { within: 10_000, hint: 'passing again' });
    } finally {
      await own.stop();
    }
  });

  it('is away at its start says so, serves, and registers when it comes', async t => {
    const ports = await freePorts(['http', 'server', 'serfLan']);
    const address = `127.0.0.1:${ports.http}`;
    const sidecar = await start(t, { service: 'early', consul: address });
    assert.equal((await fetch(await sidecar.inbound())).status, 200);
    await sidecar.said('Consul takes no reports; trying on');
    const own = await startConsul({ ports });
    try {
      await eventually(() => isPassing(address, 'early'), { within: 10_000, hint: 'passing' });
    } finally {
      await own.stop();
    }
  });
});

describe('a sidecar that cannot begin', { concurrency: 2 }, () => {
  const runToEnd = (args: readonly string[]) =>
    spawnSync(process.execPath, [...MAIN, ...args], { encoding: 'utf8', timeout: 20_000 });

  it('says every problem of its command line, and exits with 2', () => {
    const { status, stderr } = runToEnd(['--port', '0', '--nope', '--service', 'a b']);
    assert.equal(status, 2);
    assert.deepEqual(stderr.trim().split('\n'), [
      'sluice-sidecar: unknown option "--nope"; see sluice-sidecar --help',
      'sluice-sidecar: --service "a b": expected letters, digits, ".", "_" and "-", e.g. --service orders',
      'sluice-sidecar: --port "0": expected a port from 1 to 65535, e.g. --port 3002',
      'sluice-sidecar: the program to run is missing: it goes last, after "--", e.g. -- node app.js',
    ]);
  });

  it('because the port is taken does not take the stranger for its program', async () => {
    const stranger = await startService('stranger');
    const { status, stderr } = runToEnd(['--service', 'x', '--port', `${stranger.port}`, '--', ...NODE_APP]);
    await stranger.stop();
    assert.equal(status, 2);
    assert.match(stderr, /^sluice-sidecar: port \d+ is in use by another program; stop it, or give --port/m);
  });

  it('because its Redis URL cannot be used says so, without the password', async () => {
    const { port } = await freePorts(['port']);
    const flags = ['--service', 'x', '--port', `${port}`, '--redis', 'redis://:hunter2@127.0.0.1/orders'];
    const { status, stderr } = runToEnd([...flags, '--', ...NODE_APP]);
    assert.equal(status, 2);
    assert.match(stderr, /^sluice-sidecar: the Redis URL must end in the number of a database/);
    assert.doesNotMatch(stderr, /hunter2/);
  });

  it('because the inbound port is taken says so, and leaves no program behind', async () => {
    const [stranger, { port }] = await Promise.all([startService('stranger'), freePorts(['port'])]);
    const flags = ['--service', 'x', '--port', `${port}`, '--inbound', `127.0.0.1:${stranger.port}`];
    const { status, stderr } = runToEnd([...flags, '--', ...NODE_APP]);
    await stranger.stop();
    assert.equal(status, 2);
    assert.match(stderr, /^sluice-sidecar: cannot listen on 127\.0\.0\.1:\d+: the port is in use/m);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`), /fetch failed/);
  });

  it('because the program is not found says so', async () => {
    const { port } = await freePorts(['port']);
    const { status, stderr } = runToEnd(['--service', 'x', '--port', `${port}`, '--', 'no-such-program']);
    assert.equal(status, 2);
    assert.match(stderr, /^sluice-sidecar: cannot start "no-such-program": not found/m);
  });
});
