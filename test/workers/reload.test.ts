import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { RoutesAnswer, StatusAnswer } from '../../src/admin/api.ts';
import { startLoad } from '../support/load.ts';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real Consul, and for each test a gateway with a file of settings. */
let consul: ConsulServer;
let hello: Service;
const folder = mkdtempSync(join(tmpdir(), 'sluice-reload-'));

before(async () => {
  consul = await startConsul();
  hello = await startService('hello');
  await register(consul.address, { ID: 'hello-1', Name: 'hello', Port: hello.port, Tags: ['path=/hello'] });
});
after(async () => {
  await Promise.all([hello.stop(), consul.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

interface Started extends RunningGateway {
  readonly front: string;
  /** Writes the file and sends SIGHUP. */
  say(settings: string): void;
  config(): Promise<StatusAnswer['config']>;
  /** Waits for a line in the log. */
  says(msg: string): Promise<Readonly<Record<string, unknown>>>;
}

const start = async (t: TestContext, settings: string, ...args: string[]): Promise<Started> => {
  const file = join(mkdtempSync(join(folder, 'gateway-')), 'sluice.yaml');
  writeFileSync(file, settings);
  const gateway = await runGateway([
    ...['--consul', consul.address, '--redis', 'off', '--access-log', 'off', '--config', file],
    ...args,
  ]);
  t.after(() => gateway.stop('SIGKILL'));
  const front = await gateway.serving();
  await eventually(async () => (await fetch(`${front}/hello`)).status === 200, {
    within: 15_000,
    hint: 'hello is routed',
  });
  return {
    ...gateway,
    front,
    say: text => {
      writeFileSync(file, text);
      gateway.signal('SIGHUP');
    },
    config: async () => ((await (await fetch(`${gateway.admin}/api/status`)).json()) as StatusAnswer).config,
    says: msg =>
      eventually(() => gateway.log().find(line => line.msg === msg), {
        within: 20_000,
        hint: () => `"${msg}" in the log, which is ${gateway.stderr().slice(-800)}`,
      }),
  };
};

const post = async (front: string, bytes: number): Promise<number> =>
  (await fetch(`${front}/hello`, { method: 'POST', body: 'x'.repeat(bytes) })).status;

/** Each on a connection of its own: whom a connection is trusted for is decided as it begins. */
const statusOf = async (url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> => {
  const request = get(url, { agent: false, headers });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
};

describe('SIGHUP', () => {
  it('puts a changed limit in force under load, and loses nothing', async t => {
    const gateway = await start(t, 'max-body-size: 1KiB\n');
    assert.equal(await post(gateway.front, 1_025), 413);
    const load = startLoad(t, `${gateway.front}/hello`, { perSecond: 200 });
    await eventually(() => load.sent() > 50, { within: 10_000, hint: 'load' });
    gateway.say('max-body-size: 2KiB\npin: both\nlisten: 127.0.0.1:1\ndrain: 3s\n');
    const { changed } = await gateway.says('the settings were read again');
    assert.deepEqual(changed, [
      { setting: 'pin', from: 'header', to: 'both' },
      { setting: 'max-body-size', from: '1024', to: '2048' },
      { setting: 'drain', from: '30000', to: '3000' },
    ]);
    assert.equal(await post(gateway.front, 1_025), 200);
    assert.equal(await post(gateway.front, 2_049), 413);
    const sent = load.sent();
    await eventually(() => load.sent() > sent + 50, { within: 10_000, hint: 'load goes on' });
    const { statuses, bad } = await load.stop();
    assert.deepEqual(Object.keys(statuses), ['200'], bad.join('\n'));
    assert.equal((await gateway.config()).revision, 2);
    assert.equal(await gateway.stop(), 0);
  });

  it('names what waits for a restart, with both values', async t => {
    const gateway = await start(t, 'max-connections: 100\n');
    gateway.say('max-connections: 200\nsticky-key: hush\n');
    const { waiting } = await gateway.says('these settings wait for a restart');
    assert.deepEqual(waiting, [
      { setting: 'sticky-key' },
      { setting: 'max-connections', from: '100', to: '200' },
    ]);
    assert.deepEqual((await gateway.config()).needRestart, ['sticky-key', 'max-connections']);
    assert.doesNotMatch(gateway.stderr(), /hush/);
  });

  it('refuses a bad file whole, with the line, and serves on as before', async t => {
    const gateway = await start(t, 'max-body-size: 1KiB\n');
    gateway.say('max-body-size: 2KiB\nlog-level: loud\n');
    const { problems } = await gateway.says('the settings were refused: the old ones stay in force');
    assert.match(String(problems), /sluice\.yaml:2: log-level "loud": expected debug/);
    assert.equal(await post(gateway.front, 1_025), 413);
    const { revision, problems: told } = await gateway.config();
    assert.deepEqual({ revision, told }, { revision: 1, told: problems });
    const metrics = async () => (await fetch(`${gateway.admin}/metrics`)).text();
    assert.match(await metrics(), /^sluice_config_last_reload_successful 0$/m);
    gateway.say('max-body-size: 2KiB\n');
    await gateway.says('the settings were read again');
    assert.equal(await post(gateway.front, 1_025), 200);
    assert.match(await metrics(), /^sluice_config_last_reload_successful 1$/m);
    assert.match(await metrics(), /^sluice_config_reloads_total\{result="refused"\} 1$/m);
    assert.equal((await gateway.config()).problems, undefined);
  });

  it('changes whose word holds, and what is sent to https', async t => {
    const gateway = await start(t, '');
    const revision = (wanted: number): Promise<unknown> =>
      eventually(async () => (await gateway.config()).revision === wanted, {
        within: 10_000,
        hint: `revision ${wanted}`,
      });
    const asked = (...headers: Parameters<typeof statusOf>[1][]): Promise<number[]> =>
      Promise.all(headers.map(each => statusOf(`${gateway.front}/hello`, each)));
    const claim = { 'X-Forwarded-Proto': 'https' };
    assert.deepEqual(await asked({}, claim), [200, 200]);
    gateway.say('https-redirect: on\n');
    await revision(2);
    assert.deepEqual(await asked({}, claim), [308, 308]);
    gateway.say('https-redirect: on\nhttps-redirect-status: 301\ntrusted-proxies: 127.0.0.0/8\n');
    await revision(3);
    assert.deepEqual(await asked({}, claim), [301, 200]);
    gateway.say('https-redirect: on\ntrusted-proxies: 192.0.2.1\n');
    await revision(4);
    assert.deepEqual(await asked({}, claim), [308, 308]);
    gateway.say('');
    await revision(5);
    assert.deepEqual(await asked({}, claim), [200, 200]);
  });

  it('ejects who fails from then on, where nobody was before', async t => {
    const ill = await startService((_, res) => res.writeHead(500).end());
    t.after(() => ill.stop());
    const gateway = await start(t, 'eject-after: off\nbalance: round-robin\n');
    await register(consul.address, { ID: 'ill-1', Name: 'ill', Port: ill.port, Tags: ['path=/ill'] });
    await register(consul.address, { ID: 'ill-2', Name: 'ill', Port: hello.port, Tags: ['path=/ill'] });
    const instances = async () => {
      const { routes } = (await (await fetch(`${gateway.admin}/api/routes`)).json()) as RoutesAnswer;
      const backends = routes.flatMap(route => route.backends).filter(({ service }) => service === 'ill');
      return backends.flatMap(({ versions }) => versions.flatMap(version => version.instances));
    };
    const ejected = async () =>
      (await instances()).filter(({ ejectedUntil }) => ejectedUntil !== undefined).length;
    await eventually(async () => (await instances()).length === 2, { within: 10_000, hint: 'two instances' });
    const ask = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += 1) await statusOf(`${gateway.front}/ill`);
    };
    await ask(20);
    assert.equal(await ejected(), 0);
    gateway.say('eject-after: 3\neject-time: 1h\nbalance: round-robin\n');
    await gateway.says('the settings were read again');
    await ask(6);
    assert.equal(await ejected(), 1);
    assert.equal(await statusOf(`${gateway.front}/ill`), 200);
  });

  it('reads tags by another prefix, and logs at another level', async t => {
    const gateway = await start(t, '');
    gateway.say('tag-prefix: sluice.\nlog-level: error\n');
    await eventually(async () => (await fetch(`${gateway.front}/hello`)).status === 404, {
      within: 10_000,
      hint: 'the tags are not ours any more',
    });
    const before = gateway.log().length;
    gateway.say('log-level: error\n');
    await eventually(async () => (await fetch(`${gateway.front}/hello`)).status === 200, {
      within: 10_000,
      hint: 'they are again',
    });
    assert.equal(await gateway.stop(), 0);
    const later = gateway.log().slice(before);
    assert.deepEqual(
      later.filter(({ level }) => level === 'info'),
      [],
    );
  });

  it('with workers: new ones begin with it, and bad settings replace nobody', async t => {
    const gateway = await start(t, 'max-body-size: 1KiB\n', '--workers', '2');
    gateway.say('max-body-size: many\n');
    await gateway.says('the settings were refused: the old ones stay in force');
    const load = startLoad(t, `${gateway.front}/hello`, { perSecond: 200 });
    gateway.say('max-body-size: 2KiB\n');
    await gateway.says('all workers were replaced');
    assert.equal(gateway.log().filter(({ msg }) => msg === 'replacing the workers one by one').length, 1);
    assert.equal(await post(gateway.front, 1_025), 200);
    assert.equal(await post(gateway.front, 2_049), 413);
    const { statuses, bad } = await load.stop();
    assert.deepEqual(Object.keys(statuses), ['200'], bad.join('\n'));
    assert.equal(await gateway.stop(), 0);
  });
});
