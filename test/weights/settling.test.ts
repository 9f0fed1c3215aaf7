import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RedisRefused, RedisUnavailable } from '../../src/redis/errors.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { Settling } from '../../src/weights/settling.ts';

const setUp = (settle: (service: string) => Promise<void>) => {
  const clock = { now: 1_000 };
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (...line: unknown[]) => void warnings.push(line) };
  return { clock, warnings, settling: new Settling({ log, now: () => clock.now, settle }) };
};

test('a refusal is said once, and Redis is left alone for a minute', async () => {
  const asked: string[] = [];
  const { clock, warnings, settling } = setUp(async service => {
    asked.push(service);
    throw new RedisRefused('NOPERM no rights');
  });
  await settling.settle('orders');
  await settling.settle('users');
  clock.now += 59_999;
  await settling.settle('orders');
  assert.deepEqual(asked, ['orders']);
  clock.now += 1;
  await settling.settle('users');
  assert.deepEqual(asked, ['orders', 'users']);
  assert.equal(warnings.length, 1);
});

test('a Redis that is away is asked again at the next look, without a word', async () => {
  let asked = 0;
  const { warnings, settling } = setUp(async () => {
    asked++;
    throw new RedisUnavailable('away', false);
  });
  await settling.settle('orders');
  await settling.settle('orders');
  assert.equal(asked, 2);
  assert.equal(warnings.length, 0);
});

test('one service is entered by one call at a time', async () => {
  const ends: (() => void)[] = [];
  const { settling } = setUp(() => new Promise(end => ends.push(end)));
  const first = settling.settle('orders');
  await settling.settle('orders');
  assert.equal(ends.length, 1);
  ends[0]?.();
  await first;
  void settling.settle('orders');
  assert.equal(ends.length, 2);
});
