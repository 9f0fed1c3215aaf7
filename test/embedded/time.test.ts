import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../src/embedded/clock.ts';
import { eventually } from '../support/wait.ts';
import { runAgent } from './running.ts';

const MINUTE = 60_000;

describe('the system clock', () => {
  test('counts to months too, where a timer of Node would fire at once', async t => {
    let fired = false;
    const cancel = systemClock.after(2 ** 31 + 1, () => {
      fired = true;
    });
    t.after(cancel);
    await new Promise<void>(resolve => systemClock.after(5, resolve));
    assert.equal(fired, false);
  });
});

describe('TTL checks', () => {
  test('fall exactly when the TTL has passed without a word, and each word winds the clock up again', async t => {
    const { clock, put, check } = await runAgent(t);
    await put('/agent/service/register', { Name: 'a', Check: { TTL: '10s', Status: 'passing' } });
    clock.advance(9_999);
    await put('/agent/check/pass/service:a');
    clock.advance(9_999);
    assert.equal((await check('service:a'))?.Status, 'passing');
    clock.advance(1);
    assert.deepEqual(pick(await check('service:a')), ['critical', 'TTL expired']);
  });

  test('are wound up by a re-registration, and say what was said last', async t => {
    const { clock, put, check } = await runAgent(t);
    const service = { Name: 'a', Check: { TTL: '10s', Status: 'passing' } };
    await put('/agent/service/register', service);
    clock.advance(9_999);
    await put('/agent/service/register', service);
    clock.advance(9_999);
    assert.equal((await check('service:a'))?.Status, 'passing');
    await put('/agent/check/warn/service:a?note=tired');
    clock.advance(10_000);
    assert.deepEqual(pick(await check('service:a')), [
      'critical',
      'TTL expired (last output before timeout follows): tired',
    ]);
  });

  test('leave no timer behind when they are deregistered', async t => {
    const { clock, put } = await runAgent(t);
    const Check = { TTL: '10s', DeregisterCriticalServiceAfter: '2m' };
    await put('/agent/service/register', { Name: 'a', Check });
    await put('/agent/service/register', { Name: 'a', Check });
    assert.equal(clock.pending, 2);
    await put('/agent/service/deregister/a');
    assert.equal(clock.pending, 0);
  });
});

describe('the reaper', () => {
  const Check = { TTL: '10s', Status: 'passing', DeregisterCriticalServiceAfter: '2m' };

  test('takes a service out that stays critical for as long as it said, and tells', async t => {
    const { clock, put, serviceIds, check, warnings } = await runAgent(t);
    await put('/agent/service/register', { Name: 'a', Check });
    clock.advance(10_000 + 2 * MINUTE - 1);
    assert.deepEqual(await serviceIds(), ['a']);
    clock.advance(1);
    assert.deepEqual(await serviceIds(), []);
    assert.equal(await check('service:a'), undefined);
    assert.deepEqual(warnings, ['deregistered a service that stayed critical']);
  });

  test('counts from the last fall: a service that recovers in between starts anew', async t => {
    const { clock, put, serviceIds } = await runAgent(t);
    await put('/agent/service/register', { Name: 'a', Check });
    await put('/agent/check/fail/service:a');
    clock.advance(2 * MINUTE - 1);
    await put('/agent/check/pass/service:a');
    await put('/agent/check/fail/service:a');
    clock.advance(2 * MINUTE - 1);
    assert.deepEqual(await serviceIds(), ['a']);
    clock.advance(1);
    assert.deepEqual(await serviceIds(), []);
  });

  test('is not put off by repeated failures', async t => {
    const { clock, put, serviceIds } = await runAgent(t);
    await put('/agent/service/register', { Name: 'a', Check });
    await put('/agent/check/fail/service:a');
    clock.advance(2 * MINUTE - 1);
    await put('/agent/check/fail/service:a?note=again');
    clock.advance(1);
    assert.deepEqual(await serviceIds(), []);
  });

  test('waits for a minute at least, as Consul does', async t => {
    const { clock, put, serviceIds } = await runAgent(t);
    await put('/agent/service/register', {
      Name: 'a',
      Check: { TTL: '10m', DeregisterCriticalServiceAfter: '1s' },
    });
    clock.advance(MINUTE - 1);
    assert.deepEqual(await serviceIds(), ['a']);
    clock.advance(1);
    assert.deepEqual(await serviceIds(), []);
  });

  test('leaves a service alone that did not ask for it', async t => {
    const { clock, put, serviceIds } = await runAgent(t);
    await put('/agent/service/register', { Name: 'a', Check: { TTL: '10s' } });
    clock.advance(24 * 60 * MINUTE);
    assert.deepEqual(await serviceIds(), ['a']);
  });
});

describe('waits', () => {
  const cases: [wait: string, chance: number, ms: number][] = [
    ['', 0, 5 * MINUTE],
    ['&wait=0s', 0, 5 * MINUTE],
    ['&wait=-5s', 0, 5 * MINUTE],
    ['&wait=10s', 0, 10_000],
    ['&wait=1m30s', 0, 90_000],
    ['&wait=10m', 0, 10 * MINUTE],
    ['&wait=1h', 0, 10 * MINUTE],
    ['&wait=16s', 0.5, 16_500],
  ];
  for (const [wait, chance, ms] of cases) {
    test(`?index=…${wait} is over after ${ms} ms with a chance of ${chance}`, async t => {
      const { agent, clock, call } = await runAgent(t, () => chance);
      const waiting = call('GET', `/catalog/services?index=1000${wait}`);
      await eventually(() => agent.waiting() === 1, { within: 2_000, hint: 'the query waits' });
      clock.advance(ms - 1);
      assert.equal(agent.waiting(), 1);
      clock.advance(1);
      assert.equal(agent.waiting(), 0);
      assert.equal((await waiting).status, 200);
      assert.equal(clock.pending, 0);
    });
  }
});

const pick = (check: { Status: string; Output: string } | undefined): unknown => [
  check?.Status,
  check?.Output,
];
