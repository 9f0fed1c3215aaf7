import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../support/wait.ts';
import type { Api, Check, Entry } from './api.ts';

const CRITICAL = '/health/state/critical';

/** `X-Consul-Index`, and who is woken by what. */
export const blockingContract = (api: Api): void => {
  const pass = (service: string): Promise<void> => api.put(`/agent/check/pass/service:${service}`);
  const warn = (service: string): Promise<void> => api.put(`/agent/check/warn/service:${service}`);
  const fail = (service: string): Promise<void> => api.put(`/agent/check/fail/service:${service}`);
  const status = (service: string, is: string): Promise<Check> =>
    api.untilStatus(service, `service:${service}`, is);

  interface Change {
    readonly on: string;
    readonly change: () => Promise<unknown>;
    /** Returns once the change can be seen in the catalog. */
    readonly seen: () => Promise<unknown>;
  }

  const wakes = async ({ on, change, seen }: Change): Promise<void> => {
    const { index } = await api.get(on);
    const began = performance.now();
    const waiting = api.wait(on, index, '5s');
    await change();
    assert.ok((await waiting).index > index);
    assert.ok(performance.now() - began < 5_000, `${on} answered only because the wait was over`);
    await seen();
  };

  /** An agent goes on telling its servers of what was registered, and each time may wake whoever waits. */
  const calm = (on: string): Promise<unknown> =>
    eventually(
      async () => {
        const { index } = await api.get(on);
        return (await api.wait(on, index, '200ms')).index === index;
      },
      { within: 5_000, hint: `${on} is calm` },
    );

  const isSleptThrough = async ({ on, change, seen }: Change): Promise<boolean> => {
    await calm(on);
    const { index } = await api.get(on);
    const began = performance.now();
    const waiting = api.wait(on, index, '300ms');
    await change();
    await seen();
    await waiting;
    return performance.now() - began >= 295;
  };

  /** @param back undoes the change: an agent that tells its servers something just then is given further chances */
  const sleepsThrough = async (change: Change, back?: Change): Promise<void> => {
    let sleeps = await isSleptThrough(change);
    for (let again = 0; !sleeps && again < 2 && back !== undefined; again++) {
      await back.change();
      await back.seen();
      sleeps = await isSleptThrough(change);
    }
    assert.ok(sleeps, `${change.on} woke`);
  };

  describe('blocking queries', () => {
    test('wake on a change, with a higher index and the news', async () => {
      await api.register({ Name: 'news', Port: 1 });
      const { index } = await api.entries('news');
      const waiting = api.wait<Entry[]>('/health/service/news', index);
      await api.put('/agent/service/register', { Name: 'news', Port: 2 });
      const reply = await waiting;
      assert.ok(reply.index > index);
      assert.equal(reply.body[0]?.Service.Port, 2);
    });

    test('return the same when the wait is over: not before, and at most a sixteenth later', async () => {
      await api.register({ Name: 'calm', Port: 1 });
      const before = await api.entries('calm');
      const began = performance.now();
      const after = await api.wait<Entry[]>('/health/service/calm', before.index, '320ms');
      const took = performance.now() - began;
      assert.equal(after.index, before.index);
      assert.deepEqual(after.body, before.body);
      assert.ok(took >= 315 && took < 1_500, `took ${took} ms`);
    });

    test('an index that has passed, 0 or none is answered at once', async () => {
      await api.register({ Name: 'past', Port: 1 });
      const began = performance.now();
      const { index } = await api.entries('past');
      await api.wait('/health/service/past', index - 1, '10m');
      await api.get('/health/service/past?index=0&wait=10m');
      await api.get('/health/service/past?wait=10m');
      assert.ok(performance.now() - began < 2_000);
    });

    test('an index from the future waits, then tells the true one', async () => {
      await api.register({ Name: 'future', Port: 1 });
      const { index } = await api.entries('future');
      const reply = await api.wait('/health/service/future', index + 1_000_000, '50ms');
      assert.equal(reply.index, index);
    });

    test('a service has an index of its own: a neighbour neither wakes nor moves it', async () => {
      await api.register({ Name: 'quiet', Port: 1 });
      const { index } = await api.entries('quiet');
      await sleepsThrough({
        on: '/health/service/quiet',
        change: () => api.register({ Name: 'loud', Port: 1, Check: { TTL: '60s' } }),
        seen: () => pass('loud'),
      });
      assert.equal((await api.entries('quiet')).index, index);
    });

    test('who waits for a service that is not there is woken when it comes, and again when it goes', async () => {
      const empty = await api.entries('comet');
      assert.deepEqual(empty.body, []);
      assert.ok(empty.index >= 1);
      const coming = api.wait<Entry[]>('/health/service/comet', empty.index);
      await api.put('/agent/service/register', { Name: 'comet' });
      const there = await coming;
      assert.equal(there.body.length, 1);
      const going = api.wait<Entry[]>('/health/service/comet', there.index);
      await api.deregister('comet');
      const gone = await going;
      assert.deepEqual(gone.body, []);
      assert.ok(gone.index > there.index);
    });

    test('/catalog/services wakes on a registration, a new port and a deregistration, never on health', async () => {
      const on = '/catalog/services';
      const entries = (fits: (list: readonly Entry[]) => boolean) => () =>
        api.until<Entry[]>('/health/service/bell', fits);
      const put = (body: object) => () => api.put('/agent/service/register', { Name: 'bell', ...body });
      const Check = { TTL: '60s' };
      await wakes({ on, change: put({ Check }), seen: entries(list => list.length === 1) });
      await wakes({
        on,
        change: put({ Check, Port: 9 }),
        seen: entries(list => list[0]?.Service.Port === 9),
      });
      await sleepsThrough({ on, change: () => pass('bell'), seen: () => status('bell', 'passing') });
      await wakes({ on, change: () => api.deregister('bell'), seen: entries(list => list.length === 0) });
    });

    test('/health/state/critical wakes when a check falls and when it recovers, not for its output', async () => {
      await api.register({ Name: 'alarm', Check: { TTL: '60s', Status: 'passing' } });
      await wakes({ on: CRITICAL, change: () => fail('alarm'), seen: () => status('alarm', 'critical') });
      const fallen = await api.get<Check[]>(CRITICAL);
      assert.deepEqual(
        fallen.body.map(check => check.ServiceName),
        ['alarm'],
      );
      await sleepsThrough({
        on: CRITICAL,
        change: () => api.put('/agent/check/fail/service:alarm?note=still'),
        seen: async () => {
          const checks = await api.get<Record<string, Check>>('/agent/checks');
          assert.equal(checks.body['service:alarm']?.Output, 'still');
        },
      });
      await wakes({ on: CRITICAL, change: () => pass('alarm'), seen: () => status('alarm', 'passing') });
    });

    test('/health/state/critical wakes for any check while none is critical, then for critical ones only', async () => {
      await api.register({ Name: 'mood', Check: { TTL: '60s', Status: 'passing' } });
      const warning = { change: () => warn('mood'), seen: () => status('mood', 'warning') };
      const passing = { change: () => pass('mood'), seen: () => status('mood', 'passing') };
      await wakes({ on: CRITICAL, ...warning });
      await wakes({ on: CRITICAL, ...passing });
      await api.register({ Name: 'gloom', Check: { TTL: '60s' } });
      // An agent tells its servers later, and that would wake it, too.
      await status('gloom', 'critical');
      await sleepsThrough({ on: CRITICAL, ...warning }, { on: CRITICAL, ...passing });
      await wakes({ on: '/health/state/warning', ...passing });
      await wakes({ on: '/health/state/any', ...warning });
    });

    test('200 waiters all wake', async () => {
      await api.register({ Name: 'crowd', Port: 1 });
      const { index } = await api.entries('crowd');
      const waiters = Array.from({ length: 200 }, () =>
        api.wait<Entry[]>('/health/service/crowd', index, '9s'),
      );
      await api.put('/agent/service/register', { Name: 'crowd', Port: 2 });
      const replies = await Promise.all(waiters);
      assert.deepEqual([...new Set(replies.map(r => r.body[0]?.Service.Port))], [2]);
      assert.equal(new Set(replies.map(r => r.index)).size, 1);
    });
  });
};
