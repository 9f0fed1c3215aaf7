import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setInterval } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { noWeights } from '../../sidecar/admin-weights.ts';
import { createCalledServices } from '../../sidecar/called.ts';
import { createConsulClient } from '../../src/consul/client.ts';
import { watchService } from '../../src/consul/service-watch.ts';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { isRefusal } from '../../src/core/decide/decide.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { factsOf } from '../support/facts.ts';
import { startConsul } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';
import { entriesOf, startSidecar } from './support.ts';

test('SIGTERM on a sidecar under load costs not one request, with no retry by the caller', async t => {
  const consul = await startConsul();
  t.after(() => consul.stop());
  const start = async (id: string) => {
    const sidecar = await startSidecar({ consul: consul.address, service: 'busy', args: ['--id', id] });
    t.after(() => sidecar.stop());
    return sidecar;
  };
  const [leaving] = await Promise.all([start('one'), start('two')]);
  await eventually(async () => (await entriesOf(consul.address, 'busy')).length === 2, {
    within: 10_000,
    hint: 'both are registered',
  });

  const client = createConsulClient({ address: consul.address });
  const agent = new Agent({ connections: 20 });
  const called = createCalledServices({
    follow: (name, onInstances) => watchService({ client, name, onInstances, log: silentLog }).stop,
    weights: noWeights,
    policy: 'passing-only',
    tagPrefix: '',
    fleet: new Fleet(),
    chance: Math.random,
    now: () => performance.now(),
  });
  t.after(async () => {
    called.close();
    client.close();
    await agent.close();
  });
  await called.prepare('busy');

  const answers = new Map<string, number>();
  const send = async (): Promise<void> => {
    const decision = called.decide('busy', factsOf({ host: 'busy.mesh' }));
    const outcome = isRefusal(decision) ? decision.code : await ask(decision.target.instance.port);
    answers.set(outcome, (answers.get(outcome) ?? 0) + 1);
  };
  // Slow enough that requests are always under way at both.
  const ask = async (port: number): Promise<string> => {
    try {
      const { statusCode, body } = await request(`http://127.0.0.1:${port}/?after=50`, { dispatcher: agent });
      await body.dump();
      return String(statusCode);
    } catch (error) {
      return String(error);
    }
  };

  const underWay: Promise<void>[] = [];
  let left: Promise<number> | undefined;
  let hasLeft = false;
  for await (const _ of setInterval(5)) {
    underWay.push(send());
    if (underWay.length === 60) {
      left = leaving.stop();
      void left.then(() => {
        hasLeft = true;
      });
    }
    if (hasLeft) break;
  }
  await Promise.all(underWay);
  assert.equal(await left, 0);
  assert.deepEqual(Object.fromEntries(answers), { 200: underWay.length });
});
