import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCourier, owing } from '../../src/canary/courier.ts';
import { messageKey } from '../../src/canary/hook-message.ts';
import type { Rollout } from '../../src/canary/rollout.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { eventually } from '../support/wait.ts';
import { plan, rollout, watching } from './build.ts';
import { hook } from './hook.ts';

const quick = { retryAfter: 1 };
const begun = (after: string): Rollout => watching({ plan: plan({ after }) });
const keysOf = ({ owed = [] }: Rollout): string[] => owed.map(({ message }) => messageKey(message));

describe('what a webhook is owed', () => {
  const url = 'http://127.0.0.1/';
  const over = (changes: Partial<Rollout> = {}): Rollout =>
    rollout({ ...begun(url), phase: 'over', outcome: 'promoted', why: 'all is well', ...changes });

  it('is each step that has begun and the end, once', () => {
    const before = rollout({ plan: plan({ after: url }) });
    const first = owing(begun(url), before, 5);
    assert.deepEqual(keysOf(first), ['abc-after-1']);
    assert.equal(first.owed?.[0]?.since, 5);
    assert.equal(owing(first, first, 6), first, 'nothing has happened since');
    const last = owing(over(first.owed ? { owed: first.owed } : {}), first, 7);
    assert.deepEqual(keysOf(last), ['abc-after-1', 'abc-after-end']);
    assert.equal(owing(last, last, 8), last, 'it was over before');
  });

  it('is nothing of a rollout that never began, or where there is no webhook', () => {
    const before = rollout({ plan: plan({ after: url }) });
    const refused = over({ outcome: 'refused' });
    assert.equal(owing(refused, before, 5), refused);
    const quiet = watching();
    assert.equal(owing(quiet, rollout(), 5), quiet);
  });
});

describe('a courier', () => {
  const owingTwo = (url: string): Rollout => {
    const first = owing(begun(url), rollout(), 0);
    return owing({ ...first, step: 1 }, first, 0);
  };

  it('brings the oldest first, and what is brought is owed no more', async t => {
    const { url, heard } = await hook(t, [204]);
    const courier = createCourier(silentLog, quick);
    const both = owingTwo(url);
    assert.equal(courier.bring(both, 1), both, 'nobody waits for the answer');
    const one = await eventually(
      () => {
        const left = courier.bring(both, 2);
        return left !== both && left;
      },
      { within: 2_000, hint: 'the first is brought' },
    );
    assert.deepEqual(keysOf(one), ['abc-after-2']);
    const none = await eventually(
      () => {
        const left = courier.bring(one, 3);
        return left !== one && left;
      },
      { within: 2_000, hint: 'the second is brought' },
    );
    assert.equal('owed' in none, false);
    assert.equal(courier.bring(none, 4), none);
    assert.deepEqual(
      heard.map(({ body }) => body.step),
      [1, 2],
    );
  });

  it('tries again for an hour where the webhook is broken, and then gives up', async t => {
    const { url, heard } = await hook(t, [503]);
    const courier = createCourier(silentLog, quick);
    const owed = owing(begun(url), rollout(), 0);
    courier.bring(owed, 0);
    await eventually(() => heard.length === 3, { within: 2_000, hint: 'it was tried three times' });
    courier.bring(owed, 9_999);
    assert.equal(heard.length, 3);
    await eventually(() => courier.bring(owed, 10_000) === owed && heard.length === 6, {
      within: 2_000,
      hint: 'and again after 10 s',
    });
    await eventually(() => !('owed' in courier.bring(owed, 3_600_000)), {
      within: 2_000,
      hint: 'it is given up',
    });
  });

  it('does not insist where the webhook says no', async t => {
    const { url, heard } = await hook(t, [404]);
    const courier = createCourier(silentLog, quick);
    const owed = owing(begun(url), rollout(), 0);
    await eventually(() => !('owed' in courier.bring(owed, 1)), { within: 2_000, hint: 'the answer' });
    assert.equal(heard.length, 1);
  });
});
