import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSystemClock } from '../../src/telemetry/clock.ts';

/** A true time that both system clocks show in their own way. */
const scripted = (start: number) => {
  const time = { truth: start, bootedAt: start - 5000 };
  const clock = createSystemClock(
    () => time.truth - time.bootedAt,
    () => Math.floor(time.truth),
  );
  return { time, clock, epoch: () => clock.epochAt(clock.now()) };
};

describe('the system clock', () => {
  it('gives fractions of a millisecond that stay within the millisecond that Date.now shows', () => {
    const { time, epoch } = scripted(1_700_000_000_000.7);
    for (let i = 0; i < 500; i++) {
      time.truth += 0.37;
      const given = epoch();
      assert.ok(Math.abs(given - time.truth) < 1, `${given} for ${time.truth}`);
      assert.equal(Math.floor(given), Math.floor(time.truth));
    }
  });

  it('never runs backwards while the system time is left alone', () => {
    const { time, epoch } = scripted(1_700_000_000_000.2);
    let before = epoch();
    for (let i = 0; i < 500; i++) {
      time.truth += 0.013;
      const given = epoch();
      assert.ok(given >= before);
      before = given;
    }
  });

  it('follows the system time when it is set', () => {
    const { time, clock, epoch } = scripted(1_700_000_000_000);
    epoch();
    const monotonic = clock.now();
    time.truth -= 3_600_000;
    time.bootedAt -= 3_600_000;
    assert.equal(clock.now(), monotonic);
    assert.ok(Math.abs(epoch() - time.truth) < 1);
  });
});
