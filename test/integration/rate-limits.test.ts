import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExplainAnswer } from '../../src/admin/api.ts';
import { areShared, metric, type Stage, startStage, watch } from '../limits/stage.ts';
import type { RunningGateway } from '../support/processes.ts';
import { ask } from '../support/redis-fleet.ts';
import { eventually } from '../support/wait.ts';

/** How many more of a caller's requests would pass, as a gateway tells. */
const remaining = async ({ admin }: RunningGateway, user: string): Promise<number | undefined> => {
  const query = new URLSearchParams({ method: 'GET', url: '/orders', header: `x-user: ${user}` });
  const answer = await fetch(`${admin}/api/explain?${query}`);
  return ((await answer.json()) as ExplainAnswer).limit?.remaining;
};

/** Requests of a caller with 5/m, each to the next gateway once all have heard of those before it. */
const inTurn = async ({ fronts, gateways, redis }: Stage, count: number, user: string): Promise<number[]> => {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) {
    const answer = await fetch(`${fronts[i % fronts.length]}/orders`, { headers: { 'x-user': user } });
    await answer.text();
    statuses.push(answer.status);
    const passed = statuses.filter(status => status === 200).length;
    const isKnown = async (gateway: RunningGateway): Promise<boolean> =>
      passed < 3 || (await remaining(gateway, user)) === 5 - passed;
    const isEntered = async (): Promise<boolean> => {
      const keys = (await ask(redis.port, 'keys', '*limit:*')) as string[];
      const owed = await Promise.all(keys.map(async key => Number(await ask(redis.port, 'pttl', key))));
      return owed.some(ms => Math.round(ms / 12_000) === passed);
    };
    await eventually(
      async () => (await isEntered()) && (await Promise.all(gateways.map(isKnown))).every(Boolean),
      { within: 5_000, hint: `${passed} of ${user} are known to all` },
    );
  }
  return statuses;
};

const count = (statuses: readonly number[], status: number): number =>
  statuses.filter(each => each === status).length;

describe('four gateways with one Redis, and the rights that are documented', () => {
  it('share 5/m by caller to the last one, whoever is asked', async t => {
    const stage = await startStage(t, {
      tags: ['path=/orders', 'rate-limit=5/m,by=header:x-user'],
      args: [[], [], [], ['--workers', '2']],
    });
    assert.deepEqual(await inTurn(stage, 8, 'ann'), [200, 200, 200, 200, 200, 429, 429, 429]);
    assert.deepEqual(count(await inTurn(stage, 8, 'bob'), 200), 5);

    const keys = (await ask(stage.redis.port, 'keys', '*limit:*')) as string[];
    assert.equal(keys.length, 2);
    for (const key of keys) {
      assert.match(key, /^sluice:limit:\/orders\/\* 5\/m,by=header:x-user [\w-]{43}$/, 'no secret in it');
      const left = Number(await ask(stage.redis.port, 'pttl', key));
      assert.ok(left > 30_000 && left <= 60_001, `gone when it is paid back: ${left}`);
    }

    const [, gateway] = stage.gateways;
    assert.ok(gateway !== undefined);
    assert.equal(await metric(gateway, 'sluice_rate_limited_total'), 2);
    const query = new URLSearchParams({ method: 'GET', url: '/orders', header: 'x-user: ann' });
    const explained = (await (await fetch(`${gateway.admin}/api/explain?${query}`)).json()) as ExplainAnswer;
    assert.equal(explained.refusal?.code, 'rate_limited');
    assert.equal(explained.limit?.limit, '5/m,by=header:x-user');
    assert.equal(explained.limit?.remaining, 0);
    assert.deepEqual(await inTurn(stage, 1, 'eve'), [200], 'asking costs nothing');
  });

  it('share a fast limit, go on alone while Redis hangs or is dead, and share again', async t => {
    const stage = await startStage(t, { tags: ['path=/orders', 'rate-limit=400/s,burst=40'] });
    const load = stage.load(1_000);
    await areShared(stage, true);
    await watch(stage, load, 1_500);
    const shared = await watch(stage, load, 3_000);
    assert.ok(Math.abs(shared.passed - 400) < 40, `shared: ${JSON.stringify(shared)}`);

    await stage.redis.kill('SIGSTOP');
    await areShared(stage, false);
    const alone = await watch(stage, load, 1_500);
    assert.ok(alone.passed > 0.9 * alone.offered, `each 400/s: ${JSON.stringify(alone)}`);
    await stage.redis.kill('SIGCONT');
    await areShared(stage, true);
    await watch(stage, load, 1_000);
    const again = await watch(stage, load, 2_000);
    assert.ok(Math.abs(again.passed - 400) < 60, `again: ${JSON.stringify(again)}`);

    await stage.redis.kill('SIGKILL');
    await areShared(stage, false);
    await stage.redis.restart({ wipe: true });
    await areShared(stage, true);
    await watch(stage, load, 1_000);
    const last = await watch(stage, load, 2_000);
    assert.ok(Math.abs(last.passed - 400) < 60, `after its death: ${JSON.stringify(last)}`);

    const { statuses, p99 } = await load.stop();
    t.diagnostic(`p99 ${p99} ms: ${JSON.stringify(statuses)}`);
    assert.deepEqual(Object.keys(statuses).sort(), ['200', '429']);
    assert.ok(p99 < 250, `p99 ${p99} ms`);
  });
});
