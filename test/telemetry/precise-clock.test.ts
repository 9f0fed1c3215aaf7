import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPreciseClock, toMicroseconds } from '../../src/telemetry/precise-clock.ts';

describe('the precise clock', () => {
  it('tells fractions of milliseconds, and follows a wall clock that is set', () => {
    const time = { wall: 1_000, steady: 0.25 };
    const now = createPreciseClock(
      () => time.wall,
      () => time.steady,
      1_000.5,
    );
    assert.equal(now(), 1_000.75);
    Object.assign(time, { wall: 1_001, steady: 1.25 });
    assert.equal(now(), 1_001.75);
    Object.assign(time, { wall: 61_001, steady: 1.5 });
    assert.equal(now(), 61_001);
  });
  it('is the time of day', () => assert.ok(Math.abs(createPreciseClock()() - Date.now()) < 3));
  it('is written to the microsecond', () =>
    assert.equal(toMicroseconds(Date.UTC(2026, 0, 2, 3, 4, 5, 6) + 0.078125), '2026-01-02T03:04:05.006078Z'));
});
