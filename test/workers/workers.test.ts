import assert from 'node:assert/strict';
import { get } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { StatusAnswer, WorkerAnswer } from '../../src/admin/api.ts';
import { startLoad } from '../support/load.ts';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real Consul, and for each test a gateway with real worker processes. */
let consul: ConsulServer;
let hello: Service;
let slow: Service;
/** Answers of the slow service that are held back. */
let held: (() => void)[] = [];

before(async () => {
  consul = await startConsul();
  hello = await startService('hello');
  slow = await startService((_req, res) => {
    held.push(() => res.end('late'));
  });
  await register(consul.address, { ID: 'hello-1', Name: 'hello', Port: hello.port, Tags: ['path=/hello'] });
  await register(consul.address, { ID: 'slow-1', Name: 'slow', Port: slow.port, Tags: ['path=/slow'] });
});
after(async () => {
  await Promise.all([hello.stop(), slow.stop(), consul.stop()]);
});

interface Started extends RunningGateway {
  readonly front: string;
  workers(): Promise<readonly WorkerAnswer[]>;
  /** Waits until so many workers serve, and none starts or drains. */
  settled(count: number): Promise<readonly WorkerAnswer[]>;
  /** The sum of a metric's values over the series whose labels hold `of`. */
  metric(name: string, of?: string): Promise<number>;
}

/** The status of an answer over a connection of its own. */
const ask = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, res => {
      res.resume().once('end', () => resolve(res.statusCode ?? 0));
    }).once('error', reject);
  });

/** @param ends who ends it at the latest */
const start = async (
  ends: { after(end: () => Promise<unknown>): void },
  count: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Started> => {
  held = [];
  const where = ['--consul', consul.address, '--redis', 'off', '--access-log', 'off'];
  const gateway = await runGateway([...where, '--workers', String(count)], { env });
  ends.after(() => gateway.stop('SIGKILL'));
  const front = await gateway.serving();
  const workers = async (): Promise<readonly WorkerAnswer[]> => {
    const status = (await (await fetch(`${gateway.admin}/api/status`)).json()) as StatusAnswer;
    assert.ok(status.workers);
    return status.workers;
  };
  const settled = (wanted: number): Promise<readonly WorkerAnswer[]> =>
    eventually(
      async () => {
        const all = await workers();
        return all.length === wanted && all.every(({ state }) => state === 'serving') ? all : undefined;
      },
      { within: 15_000, hint: `${wanted} workers serve` },
    );
  const metric = async (name: string, of = ''): Promise<number> => {
    const text = await (await fetch(`${gateway.admin}/metrics`)).text();
    return text
      .split('\n')
      .filter(line => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)) && line.includes(of))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };
  await settled(count);
  await eventually(async () => (await ask(`${front}/hello`)) === 200, {
    within: 15_000,
    hint: 'hello is routed',
  });
  return { ...gateway, front, workers, settled, metric };
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const pidsOf = (workers: readonly WorkerAnswer[]): number[] => workers.map(({ pid }) => pid);

describe('a gateway with workers', () => {
  let gateway: Started;
  before(async () => {
    gateway = await start({ after: () => {} }, 2);
  });
  after(async () => {
    const pids = pidsOf(await gateway.workers());
    assert.equal(await gateway.stop(), 0, gateway.stderr());
    assert.deepEqual(pids.filter(isAlive), [], 'no worker is left');
  });

  it('serves with all of them, and connections are spread evenly', async t => {
    const before = await gateway.workers();
    const load = startLoad(t, `${gateway.front}/hello`, { perSecond: 300 });
    const now = await eventually(
      async () => {
        const workers = await gateway.workers();
        const served = workers.map((each, i) => each.requests - (before[i]?.requests ?? 0));
        return served.every(count => count > 50) ? workers : undefined;
      },
      { within: 10_000, hint: 'both have served' },
    );
    const [a = 0, b = 0] = now.map(({ connections }) => connections);
    assert.ok(Math.abs(a - b) <= 2, `connections: ${a} and ${b}`);
    const { bad } = await load.stop();
    assert.deepEqual(bad, []);
  });

  it('a change of weights reaches all of them', async () => {
    const [one, two] = await Promise.all([startService('v1'), startService('v2')]);
    await register(consul.address, {
      ...{ ID: 'dial-1', Name: 'dial', Port: one.port },
      Tags: ['path=/dial', 'version=v1'],
    });
    await register(consul.address, {
      ...{ ID: 'dial-2', Name: 'dial', Port: two.port },
      Tags: ['path=/dial', 'version=v2'],
    });
    // A new connection each time: they take turns at the workers.
    const answers = async (): Promise<Set<string>> => {
      const texts = Array.from({ length: 20 }, async () =>
        (await fetch(`${gateway.front}/dial`, { headers: { connection: 'close' } })).text(),
      );
      return new Set(await Promise.all(texts));
    };
    await eventually(async () => (await answers()).size === 2, { within: 15_000, hint: 'both versions' });
    const set = await fetch(`${gateway.admin}/api/weights/dial`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ weights: { v1: 0, v2: 1 } }),
    });
    assert.equal(set.status, 200);
    await eventually(async () => [...(await answers())].join() === 'v2', { within: 10_000, hint: 'only v2' });
    assert.deepEqual(await answers(), new Set(['v2']));
    await Promise.all([one.stop(), two.stop()]);
  });

  it('slow request heads end with 408 there, too', async t => {
    const impatient = await start(t, 1, { SLUICE_HEAD_TIMEOUT: '200ms' });
    const { hostname, port } = new URL(impatient.front);
    const text = await new Promise<string>((resolve, reject) => {
      let seen = '';
      const client = connect(Number(port), hostname, () => client.write('GET / HT'));
      client.on('data', chunk => {
        seen += String(chunk);
      });
      client.on('close', () => resolve(seen)).on('error', reject);
    });
    assert.match(text, /^HTTP\/1\.1 408 /);
    await impatient.stop();
  });
});

describe('kill -9 of a worker under load', () => {
  it('fails only what it had under way; it is replaced, and no count falls', async t => {
    const gateway = await start(t, 2);
    const [victim] = pidsOf(await gateway.settled(2));
    assert.ok(victim);
    const load = startLoad(t, `${gateway.front}/hello`, { perSecond: 500 });
    await eventually(async () => (await gateway.metric('sluice_requests_total')) > 300, {
      within: 10_000,
      hint: 'load',
    });
    const counted = await gateway.metric('sluice_requests_total');
    process.kill(victim, 'SIGKILL');
    const seen = [counted];
    const replaced = await eventually(
      async () => {
        seen.push(await gateway.metric('sluice_requests_total'));
        const workers = await gateway.workers();
        return workers.length === 2 &&
          workers.every(({ pid, state }) => pid !== victim && state === 'serving')
          ? workers
          : undefined;
      },
      { within: 30_000, hint: () => `a replacement: ${gateway.stderr()}` },
    );
    // The load stays on the connections that it has; a new one goes to the worker with the fewest.
    assert.equal(await ask(`${gateway.front}/hello`), 200);
    const served = (await gateway.workers()).map(({ requests }) => requests);
    assert.ok(
      served.every(count => count > 0),
      `${served}`,
    );
    const { statuses, bad } = await load.stop();
    t.diagnostic(`answers: ${JSON.stringify(statuses)}`);
    // One on each connection at most, and half of the load's fifty were the victim's.
    assert.ok((statuses.failed ?? 0) <= 26, bad.join('\n'));
    assert.deepEqual(
      Object.keys(statuses)
        .sort()
        .filter(key => key !== 'failed'),
      ['200'],
    );
    for (const [i, value] of seen.entries()) assert.ok(value >= (seen[i - 1] ?? 0), `it fell: ${seen}`);
    assert.equal(replaced.length, 2);
    assert.equal(await gateway.metric('sluice_worker_deaths_total'), 1);
    assert.ok(gateway.log().some(({ msg, signal }) => msg === 'a worker died' && signal === 'SIGKILL'));
    assert.equal(await gateway.stop(), 0);
  });

  it('with all workers dead, new connections wait for the next one', async t => {
    const gateway = await start(t, 1);
    const [only] = pidsOf(await gateway.settled(1));
    assert.ok(only);
    await eventually(async () => (await gateway.workers())[0]?.connections === 0, {
      within: 15_000,
      hint: 'the first connections are closed',
    });
    t.after(() => isAlive(only) && process.kill(only, 'SIGKILL'));
    process.kill(only, 'SIGSTOP');
    // These were sent to a worker that does not take them, and outlive it.
    const early = Array.from({ length: 3 }, () => ask(`${gateway.front}/hello`));
    await eventually(async () => (await gateway.workers())[0]?.connections === 3, {
      within: 15_000,
      hint: 'they are on their way',
    });
    process.kill(only, 'SIGKILL');
    const late = ask(`${gateway.front}/hello`);
    assert.deepEqual(await Promise.all([...early, late]), [200, 200, 200, 200]);
    assert.equal(await gateway.stop(), 0);
  });
});

describe('SIGHUP', () => {
  it('under load of 500 a second replaces all workers, and no request fails', async t => {
    const gateway = await start(t, 2);
    const old = pidsOf(await gateway.settled(2));
    const load = startLoad(t, `${gateway.front}/hello`, { perSecond: 500 });
    const posts = startLoad(t, `${gateway.front}/hello`, { perSecond: 50, method: 'POST' });
    await eventually(async () => (await gateway.metric('sluice_requests_total')) > 200, {
      within: 10_000,
      hint: 'load',
    });
    gateway.signal('SIGHUP');
    await eventually(async () => pidsOf(await gateway.settled(2)).every(pid => !old.includes(pid)), {
      within: 30_000,
      hint: 'all are replaced',
    });
    const results = await Promise.all([load.stop(), posts.stop()]);
    const requests = results.reduce((sum, each) => sum + each.requests, 0);
    t.diagnostic(`${requests} requests, ${await gateway.metric('sluice_requests_total')} counted`);
    for (const { statuses, bad } of results) assert.deepEqual(Object.keys(statuses), ['200'], bad.join('\n'));
    assert.ok((await gateway.metric('sluice_requests_total')) >= requests, 'those who left have told all');
    assert.equal(await gateway.metric('sluice_worker_deaths_total'), 0);
    assert.equal(await gateway.stop(), 0);
  });

  it('twice replaces the replacements once more, however often it came meanwhile', async t => {
    const gateway = await start(t, 1);
    const pids = new Set(pidsOf(await gateway.settled(1)));
    for (let i = 0; i < 3; i++) gateway.signal('SIGHUP');
    const drained = () => gateway.log().filter(({ msg }) => msg === 'a worker has drained').length;
    await eventually(
      async () => {
        for (const pid of pidsOf(await gateway.workers())) pids.add(pid);
        return drained() >= 1;
      },
      { within: 15_000, hint: 'replaced' },
    );
    await gateway.settled(1);
    assert.ok(drained() <= 2);
    assert.equal(await gateway.stop(), 0);
  });
});

describe('the end', () => {
  it('SIGTERM lets requests finish in all workers, refuses new ones, and ends with 0', async t => {
    const gateway = await start(t, 2);
    const pids = pidsOf(await gateway.settled(2));
    const answers = Array.from({ length: 4 }, () => fetch(`${gateway.front}/slow`));
    await eventually(() => held.length === 4, { within: 15_000, hint: 'four requests under way' });
    assert.deepEqual(
      (await gateway.workers()).map(({ requestsInFlight }) => requestsInFlight),
      [2, 2],
    );
    gateway.signal('SIGTERM');
    await eventually(async () => (await fetch(`${gateway.admin}/readyz`)).status === 503, {
      within: 10_000,
      hint: 'not ready',
    });
    await eventually(
      () =>
        fetch(`${gateway.front}/hello`).then(
          () => false,
          () => true,
        ),
      {
        within: 10_000,
        hint: 'refused',
      },
    );
    for (const answer of held) answer();
    for (const answer of await Promise.all(answers)) assert.equal(await answer.text(), 'late');
    assert.equal(await gateway.exited, 0);
    assert.deepEqual(pids.filter(isAlive), []);
  });

  it('a second signal ends all at once', async t => {
    const gateway = await start(t, 2);
    const pids = pidsOf(await gateway.settled(2));
    const answer = fetch(`${gateway.front}/slow`).then(
      () => 'answered',
      () => 'cut',
    );
    await eventually(() => held.length === 1, { within: 15_000, hint: 'a request under way' });
    gateway.signal('SIGTERM');
    await eventually(() => gateway.log().some(({ msg }) => msg === 'draining'), {
      within: 10_000,
      hint: 'it drains',
    });
    assert.equal(await gateway.stop(), 1);
    assert.equal(await answer, 'cut');
    await eventually(() => !pids.some(isAlive), { within: 10_000, hint: 'no worker is left' });
  });

  it('workers of a gateway that was killed finish what runs, and end', async t => {
    const gateway = await start(t, 2);
    const pids = pidsOf(await gateway.settled(2));
    const answer = fetch(`${gateway.front}/slow`);
    await eventually(() => held.length === 1, { within: 15_000, hint: 'a request under way' });
    process.kill(gateway.pid, 'SIGKILL');
    await assert.rejects(fetch(`${gateway.front}/hello`), 'nobody holds the port any more');
    for (const each of held) each();
    assert.equal(await (await answer).text(), 'late');
    await eventually(() => !pids.some(isAlive), { within: 20_000, hint: 'no worker is left' });
  });
});
