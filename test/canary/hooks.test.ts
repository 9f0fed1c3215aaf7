import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createConsent } from '../../src/canary/consent.ts';
import { afterTurn, beforeTurn, callHook } from '../../src/canary/hooks.ts';
import { eventually } from '../support/wait.ts';
import { plan, rollout, watching } from './build.ts';
import { hook } from './hook.ts';

const turn = { step: 1, weights: { v1: 0, v2: 100 }, why: 'step 2 of 2: v2 at 100 %' };
const message = beforeTurn(watching(), turn);
const quick = { retryAfter: 5 };

describe('a webhook', () => {
  it('is sent the step, and a key by which it knows it again', async t => {
    const { url, heard } = await hook(t, [204]);
    assert.deepEqual(await callHook(url, message), { isYes: true });
    assert.deepEqual(heard[0]?.body, {
      kind: 'before',
      service: 'orders',
      id: 'abc',
      to: 'v2',
      step: 2,
      steps: [10, 100],
      share: 1,
      why: 'step 2 of 2: v2 at 100 %',
    });
    assert.equal(heard[0]?.headers['idempotency-key'], 'abc-before-2');
    assert.equal(heard[0]?.headers['content-type'], 'application/json');
  });

  it('says no in its own words, which are asked for once', async t => {
    const { url, heard } = await hook(t, [409, 'the load test\nstill runs']);
    const answer = await callHook(url, message, quick);
    assert.deepEqual(answer, {
      isYes: false,
      why: 'it answered 409: the load test still runs',
      mayChange: false,
    });
    assert.equal(heard.length, 1);
  });

  it('that fails is asked three times', async t => {
    const { url, heard } = await hook(t, [500], [503], [200]);
    assert.deepEqual(await callHook(url, message, quick), { isYes: true });
    assert.equal(heard.length, 3);
    const broken = await hook(t, [502]);
    const answer = await callHook(broken.url, message, quick);
    assert.deepEqual(answer, { isYes: false, why: 'it answered 502', mayChange: true });
    assert.equal(broken.heard.length, 3);
  });

  it('that does not answer in time, or is not there, is a no without its URL', async t => {
    const { url } = await hook(t, [0]);
    const late = await callHook(`${url}/?token=secret`, message, { within: 50, retryAfter: 1 });
    assert.deepEqual(late, { isYes: false, why: 'no answer within 0.05 s', mayChange: true });
    const nobody = await callHook('http://user:secret@127.0.0.1:1/', message, quick);
    assert.deepEqual(nobody, { isYes: false, why: 'no answer (ECONNREFUSED)', mayChange: true });
  });

  it('knows us by user and password, where the URL has them', async t => {
    const { url, heard } = await hook(t, [200]);
    await callHook(url.replace('//', '//ann:p%40ss@'), message);
    assert.equal(heard[0]?.headers.authorization, `Basic ${Buffer.from('ann:p@ss').toString('base64')}`);
  });

  it('is told of each step, and of the end', () => {
    const { kind, step, share } = afterTurn(watching());
    assert.deepEqual([kind, step, share], ['after', 1, 0.1]);
    const over = afterTurn(rollout({ phase: 'over', outcome: 'rolled back', why: 'errors' }));
    assert.deepEqual([over.outcome, over.why, over.step], ['rolled back', 'errors', undefined]);
  });
});

describe('consent', () => {
  const asking = (url: string) => watching({ phase: 'asking', turn, plan: plan({ before: url }) });

  it('is asked for once a step, nobody waits for it, and a no is asked again later', async t => {
    const { url, heard } = await hook(t, [403, 'not yet'], [200]);
    const consent = createConsent(quick);
    const rollout = asking(url);
    assert.equal(consent.ask(rollout, 0), undefined);
    const no = await eventually(() => consent.ask(rollout, 1), { within: 2_000, hint: 'the answer' });
    assert.deepEqual(no, { isYes: false, why: 'it answered 403: not yet', mayChange: false });
    assert.equal(heard.length, 1);
    assert.equal(consent.ask(rollout, 10_000), undefined);
    const yes = await eventually(() => consent.ask(rollout, 10_001), { within: 2_000, hint: 'the answer' });
    assert.deepEqual(yes, { isYes: true });
    assert.equal(heard.length, 2);
  });

  it('is there where nobody is to be asked', () => {
    assert.deepEqual(createConsent().ask(watching({ turn }), 0), { isYes: true });
  });
});
