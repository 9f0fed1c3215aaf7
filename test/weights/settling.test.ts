import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RedisRefused, RedisUnavailable } from '../../src/redis/errors.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { Settling } from '../../src/weights/settling.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** Whoever settles, half way through the time that all have. */
const setUp = (answer: () => Promise<void> = async () => {}) => {
  const clock = new FakeClock(1_000);
  const warnings: unknown[] = [];
  const asked: string[] = [];
  const log = { ...silentLog, warn: (...line: unknown[]) => void warnings.push(line) };
  const settle = (service: string): Promise<void> => {
    asked.push(service);
    return answer();
  };
  const { now, after } = clock;
  return { clock, warnings, asked, settling: new Settling({ log, now, after, chance: () => 0.5, settle }) };
};

test('a change by hand is settled after a moment of chance, however often it is seen meanwhile', async () => {
  const { clock, asked, settling } = setUp();
  settling.look('orders', false);
  settling.look('orders', false);
  await clock.turn(99);
  assert.deepEqual(asked, []);
  await clock.turn(1);
  assert.deepEqual(asked, ['orders']);
  assert.equal(clock.pending, 0);
});

test('who sees that another has settled it is spared', async () => {
  const { clock, asked, settling } = setUp();
  settling.look('orders', false);
  await clock.turn(99);
  settling.look('orders', true);
  await clock.turn(1_000);
  assert.deepEqual(asked, []);
});

test('one that is closed settles nothing more', async () => {
  const { clock, asked, settling } = setUp();
  settling.look('orders', false);
  settling.close();
  await clock.turn(1_000);
  assert.deepEqual(asked, []);
});

test('a refusal is said once, and Redis is left alone for a minute', async () => {
  const { clock, asked, warnings, settling } = setUp(async () => {
    throw new RedisRefused('NOPERM no rights');
  });
  settling.look('orders', false);
  await clock.turn(50);
  settling.look('users', false);
  await clock.turn(50);
  assert.deepEqual(asked, ['orders']);
  await clock.turn(50);
  settling.look('orders', false);
  await clock.turn(59_949);
  assert.deepEqual([asked, clock.pending], [['orders'], 0]);
  await clock.turn(1);
  settling.look('users', false);
  await clock.turn(100);
  assert.deepEqual(asked, ['orders', 'users']);
  assert.equal(warnings.length, 1);
});

test('a Redis that is away is asked again at the next look, without a word', async () => {
  const { clock, asked, warnings, settling } = setUp(async () => {
    throw new RedisUnavailable('away', false);
  });
  for (let looks = 0; looks < 2; looks++) {
    settling.look('orders', false);
    await clock.turn(100);
  }
  assert.equal(asked.length, 2);
  assert.equal(warnings.length, 0);
});

test('one service is settled by one call at a time', async () => {
  const ends: (() => void)[] = [];
  const { clock, settling } = setUp(() => new Promise(end => ends.push(end)));
  settling.look('orders', false);
  await clock.turn(100);
  settling.look('orders', false);
  await clock.turn(1_000);
  assert.equal(ends.length, 1);
  ends[0]?.();
  await clock.turn(0);
  settling.look('orders', false);
  await clock.turn(100);
  assert.equal(ends.length, 2);
});
