import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { serviceName } from '../../bench/scale/catalog.ts';
import { delaysOf, startStorm, timeChanges } from '../../bench/scale/changes.ts';
import { measureDocuments } from '../../bench/scale/documents.ts';
import { openStage, type Stage } from '../../bench/scale/stage.ts';
import type { ServicesAnswer } from '../../src/admin/api.ts';
import { startLoad } from '../support/load.ts';
import { eventually } from '../support/wait.ts';

/** The short form of `npm run scale`: what must hold at any size. */
const SIZE = { services: 150, instances: 4 };
let stage: Stage;

before(async () => {
  stage = await openStage(SIZE);
});
after(() => stage.stop());

/** `service/instance health port` of all that Consul has. */
const inConsul = async (): Promise<string[]> => {
  const all = await Promise.all(
    Array.from({ length: SIZE.services }, async (_, i) => {
      const answer = await fetch(`http://${stage.consul}/v1/health/service/${serviceName(i)}`);
      const entries = (await answer.json()) as {
        Service: { Service: string; ID: string; Port: number };
        Checks: { Status: string }[];
      }[];
      return entries.map(
        ({ Service, Checks }) => `${Service.Service}/${Service.ID} ${Checks[0]?.Status} ${Service.Port}`,
      );
    }),
  );
  return all.flat().sort();
};

const inForce = async (): Promise<string[]> => {
  const { services } = (await (await fetch(`${stage.admin}/api/services`)).json()) as ServicesAnswer;
  return services
    .filter(({ name }) => name.startsWith('service-'))
    .flatMap(({ name, instances }) =>
      instances.map(({ id, health, port }) => `${name}/${id.replace(/^.*\/|@.*$/g, '')} ${health} ${port}`),
    )
    .sort();
};

describe('a catalog of many services', () => {
  it('is followed over at most eight connections', () => {
    const count = stage.connections();
    assert.ok(count >= 4 && count <= 8, `${count} connections`);
  });

  for (const change of ['health', 'registration', 'service'] as const) {
    it(`one change is in force at once: ${change}`, async t => {
      const { median, worst } = delaysOf(await timeChanges(stage, change, 3));
      t.diagnostic(`median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`);
      assert.ok(median < 400, `${median} ms`);
    });
  }

  it('many route documents come and go at once, as files and as keys', async t => {
    for (const { place, inForceMs, goneMs, held } of await measureDocuments(stage, 200)) {
      t.diagnostic(
        `${place}: ${inForceMs.toFixed(0)} and ${goneMs.toFixed(0)} ms, ${held.workMs.toFixed(0)} ms held`,
      );
      assert.ok(held.workMs < 60, `${held.workMs} ms in one piece`);
    }
  });

  it('a storm of changes costs no request, is followed to the end, and asks Consul at a bounded rate', async t => {
    const load = startLoad(t, `${stage.front}/${serviceName(0)}`, { perSecond: 200 });
    const [requests, began] = [await stage.requests(), performance.now()];
    const storm = startStorm(stage, SIZE, 200);
    await new Promise(resolve => setTimeout(resolve, 3_000));
    const made = await storm.stop();
    const perSecond = ((await stage.requests()) - requests) / ((performance.now() - began) / 1_000);
    t.diagnostic(`${made} changes, ${perSecond.toFixed(0)} requests a second to Consul`);
    assert.ok(made > 400, `only ${made} changes`);
    assert.ok(perSecond < 2_000, `${perSecond} requests a second`);
    const expected = await inConsul();
    await eventually(async () => assert.deepEqual(await inForce(), expected) ?? true, {
      within: 10_000,
      hint: 'the gateway has what Consul has',
    });
    const { statuses, requests: sent, bad } = await load.stop();
    assert.deepEqual(statuses, { 200: sent }, bad.join('\n'));
  });
});
