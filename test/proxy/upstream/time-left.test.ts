import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { TimeLeft } from '../../../src/proxy/upstream/time-left.ts';

it('the time of an attempt runs while the instance is waited for, and only then', t => {
  let now = 1_000;
  mock.method(performance, 'now', () => now);
  t.after(() => mock.restoreAll());
  const time = new TimeLeft();
  time.start(100);
  assert.equal(time.within(60), 60);
  now += 50;
  assert.equal(time.within(60), 50);
  time.pause();
  now += 1_000;
  assert.equal(time.within(0), 50);
  now += 20;
  assert.equal(time.within(0), 30);
  now += 40;
  // What is over is over at once, not never.
  assert.equal(time.within(0), 1);
});

for (const none of [undefined, 0]) {
  it(`${none} is without limit`, () => {
    const time = new TimeLeft();
    time.start(none);
    time.pause();
    assert.equal(time.within(60), 60);
    assert.equal(time.within(0), 0);
  });
}
