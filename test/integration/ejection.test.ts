import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type { RoutesAnswer } from '../../src/admin/api.ts';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { deregister, register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Real Consul, a real gateway, three instances of which one falls ill. */
let consul: ConsulServer;
let gateway: RunningGateway;
let front: string;

before(async () => {
  consul = await startConsul();
  gateway = await runGateway(['--consul', consul.address, '--redis', 'off', '--access-log', 'off'], {
    env: { SLUICE_EJECT_TIME: '300ms' },
  });
  front = await gateway.serving();
});
after(async () => {
  await gateway.stop();
  await consul.stop();
});

/** How an instance answers while it is ill. */
type Illness = (...exchange: Parameters<RequestListener>) => void;

interface Instance {
  readonly service: Service;
  illness: Illness | undefined;
  /** Requests that it was given. */
  asked: number;
}

const startInstance = async (id: string): Promise<Instance> => {
  const instance: Omit<Instance, 'service'> = { illness: undefined, asked: 0 };
  const service = await startService((req, res) => {
    instance.asked += 1;
    if (instance.illness === undefined) res.end(id);
    else instance.illness(req, res);
  });
  return Object.assign(instance, { service });
};

const startThree = async (
  name: string,
  tags: readonly string[] = [],
): Promise<[Instance, Instance, Instance]> => {
  const ids = ['a', 'b', 'c'];
  const all = await Promise.all(ids.map(startInstance));
  for (const [i, { service }] of all.entries()) {
    await register(consul.address, {
      ID: `${name}-${ids[i]}`,
      Name: name,
      Port: service.port,
      Tags: [`path=/${name}`, ...tags],
    });
  }
  await eventually(async () => (await live(name)) === 3, { within: 5_000, hint: 'three live instances' });
  return all as [Instance, Instance, Instance];
};

const instancesOf = async (name: string, { admin } = gateway) => {
  const { routes } = (await (await fetch(`${admin}/api/routes`)).json()) as RoutesAnswer;
  return (
    routes.flatMap(({ backends }) => backends).find(({ service }) => service === name)?.versions[0]
      ?.instances ?? []
  );
};
const live = async (name: string): Promise<number> => (await instancesOf(name)).length;
const ejected = async (name: string, by = gateway): Promise<string[]> =>
  (await instancesOf(name, by)).flatMap(({ id, ejectedUntil }) => (ejectedUntil === undefined ? [] : [id]));

const metric = async (line: string): Promise<number> => {
  const text = await (await fetch(`${gateway.admin}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find(each => each.startsWith(`${line} `))
      ?.slice(line.length),
  );
};

/** Sends requests until a condition holds, and gives their statuses. */
const under = async (url: string, until: () => Promise<boolean>, method = 'GET'): Promise<number[]> => {
  const statuses: number[] = [];
  await eventually(
    async () => {
      for (let i = 0; i < 10; i++) {
        const answer = await fetch(url, { method });
        await answer.arrayBuffer();
        statuses.push(answer.status);
      }
      return until();
    },
    { within: 15_000, hint: () => `the condition under load; ${statuses.slice(-20)}` },
  );
  return statuses;
};

const ILLNESSES: readonly [name: string, illness: Illness, callersSee: readonly number[]][] = [
  ['unavailable', (_, res) => res.writeHead(503).end('no'), [200]],
  ['bad-gateway', (_, res) => res.writeHead(502).end('no'), [200]],
  // What a program says of itself is passed on.
  ['broken', (_, res) => res.writeHead(500).end('bug'), [200, 500]],
  ['resetting', (_, res) => void res.socket?.resetAndDestroy(), [200]],
  ['babbling', (_, res) => void res.socket?.end('SSH-2.0-OpenSSH_9.2\r\n'), [200]],
];

describe('one of three instances that is', () => {
  for (const [name, illness, callersSee] of ILLNESSES) {
    it(`${name} is ejected, tried by one request at a time, and comes back when it is well`, async t => {
      const all = await startThree(name, ['balance=round-robin']);
      t.after(() => Promise.all(all.map(({ service }) => service.stop())));
      const [ill] = all;
      const url = `${front}/${name}`;
      ill.illness = illness;
      const statuses = await under(url, async () => (await ejected(name)).length === 1);
      assert.deepEqual([...new Set(statuses)].sort(), callersSee);
      assert.equal(ill.asked, 5, 'five failures in a row, and no request after');
      assert.equal(await metric(`sluice_instances_ejected{service="${name}"}`), 1);

      const trialFailed = `sluice_ejections_total{service="${name}",reason="failed_trial"}`;
      await under(url, async () => (await metric(trialFailed)) >= 1);
      assert.ok(ill.asked < 10, `one try each time: ${ill.asked}`);

      ill.illness = undefined;
      await under(url, async () => (await ejected(name)).length === 0);
      const before = ill.asked;
      await under(url, async () => ill.asked >= before + 5);
      assert.equal(await metric(`sluice_instances_ejected{service="${name}"}`), 0);

      const lines = gateway.log().filter(line => line.service === name && typeof line.instance === 'string');
      assert.deepEqual(
        [lines[0]?.reason, lines.at(-1)?.reason],
        ['consecutive_failures', undefined],
        'the log tells of the first and the last',
      );
      for (const id of ['a', 'b', 'c']) await deregister(consul.address, `${name}-${id}`);
    });
  }

  it('asking for rest by Retry-After gets it, and is not ejected', async t => {
    const name = 'resting';
    const all = await startThree(name, ['balance=round-robin']);
    t.after(() => Promise.all(all.map(({ service }) => service.stop())));
    const [ill, other] = all;
    ill.illness = (_, res) => res.writeHead(503, { 'Retry-After': '20' }).end('later');
    await under(`${front}/${name}`, async () => other.asked >= 30);
    assert.equal(ill.asked, 1);
    assert.deepEqual(await ejected(name), []);
  });
});

describe('all instances failing', () => {
  it('all are asked, and their own answer is passed on, body and all', async t => {
    const all = await startThree('hopeless');
    t.after(() => Promise.all(all.map(({ service }) => service.stop())));
    for (const each of all) each.illness = (_, res) => res.writeHead(503, { 'X-Own': '1' }).end('closed');
    const url = `${front}/hopeless`;
    await under(url, async () => (await ejected('hopeless')).length === 3);
    const before = all.map(({ asked }) => asked);
    const answer = await fetch(url);
    assert.deepEqual([answer.status, answer.headers.get('x-own'), await answer.text()], [503, '1', 'closed']);
    assert.deepEqual(
      all.map(({ asked }, i) => asked - (before[i] ?? 0)),
      [1, 1, 1],
      'each once',
    );
  });

  it('a POST is passed to one and no other', async t => {
    const all = await startThree('refusing');
    t.after(() => Promise.all(all.map(({ service }) => service.stop())));
    for (const each of all) each.illness = (_, res) => res.writeHead(503).end('closed');
    const answer = await fetch(`${front}/refusing`, { method: 'POST', body: 'pay' });
    assert.equal(await answer.text(), 'closed');
    assert.equal(
      all.reduce((sum, { asked }) => sum + asked, 0),
      1,
    );
  });
});

it('what tags say of a rule’s traffic is what it does', async t => {
  const all = await startThree('tagged', ['hash=header:X-User', 'retries=0', 'timeout=300ms']);
  t.after(() => Promise.all(all.map(({ service }) => service.stop())));
  const url = `${front}/tagged`;
  const asked = async (user: string): Promise<string> =>
    (await fetch(url, { headers: { 'x-user': user } })).text();
  for (const user of ['ann', 'bob', 'cy', 'dora', 'eve', 'fay']) {
    assert.equal(await asked(user), await asked(user), `${user} stays where they are`);
  }
  assert.equal(all.filter(each => each.asked > 0).length > 1, true, 'not all at one');

  for (const each of all) each.illness = (_, res) => res.writeHead(503).end('no retries');
  assert.equal(await asked('ann'), 'no retries');
  for (const each of all) each.illness = () => {};
  const late = await fetch(url, { headers: { 'x-user': 'ann' } });
  assert.deepEqual([late.status, ((await late.json()) as { code: string }).code], [504, 'upstream_timeout']);
});

it('what a worker has ejected is shown as well', async t => {
  const all = await startThree('worked', ['balance=round-robin']);
  t.after(() => Promise.all(all.map(({ service }) => service.stop())));
  const args = ['--workers', '1', '--consul', consul.address, '--redis', 'off', '--access-log', 'off'];
  const crewed = await runGateway(args);
  t.after(() => crewed.stop());
  const url = `${await crewed.serving()}/worked`;
  all[0].illness = (_, res) => res.writeHead(503).end('no');
  await under(url, async () => (await ejected('worked', crewed)).length === 1);
});
