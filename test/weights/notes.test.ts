import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RedisRefused, RedisUnavailable } from '../../src/redis/errors.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { HandNotes } from '../../src/weights/notes.ts';

const setUp = (note: (service: string) => Promise<void>) => {
  const clock = { now: 1_000 };
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (...line: unknown[]) => void warnings.push(line) };
  return { clock, warnings, notes: new HandNotes({ log, now: () => clock.now, note }) };
};

test('a refusal is said once, and Redis is left alone for a minute', async () => {
  const asked: string[] = [];
  const { clock, warnings, notes } = setUp(async service => {
    asked.push(service);
    throw new RedisRefused('NOPERM no rights');
  });
  await notes.enter('orders');
  await notes.enter('users');
  clock.now += 59_999;
  await notes.enter('orders');
  assert.deepEqual(asked, ['orders']);
  clock.now += 1;
  await notes.enter('users');
  assert.deepEqual(asked, ['orders', 'users']);
  assert.equal(warnings.length, 1);
});

test('a Redis that is away is asked again at the next look, without a word', async () => {
  let asked = 0;
  const { warnings, notes } = setUp(async () => {
    asked++;
    throw new RedisUnavailable('away', false);
  });
  await notes.enter('orders');
  await notes.enter('orders');
  assert.equal(asked, 2);
  assert.equal(warnings.length, 0);
});

test('one service is entered by one call at a time', async () => {
  const ends: (() => void)[] = [];
  const { notes } = setUp(() => new Promise(end => ends.push(end)));
  const first = notes.enter('orders');
  await notes.enter('orders');
  assert.equal(ends.length, 1);
  ends[0]?.();
  await first;
  void notes.enter('orders');
  assert.equal(ends.length, 2);
});
