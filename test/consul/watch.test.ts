import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BlockingAsk } from '../../src/consul/client.ts';
import { backOff, createBucket, createThrottle } from '../../src/consul/pace.ts';
import { createRecovery } from '../../src/consul/recovery.ts';
import type { Answer } from '../../src/consul/reply.ts';
import { type Continuity, watch } from '../../src/consul/watch.ts';
import { FakeClock } from '../support/fake-clock.ts';

const answer = (data: string, index: number, over: Partial<Answer<string>> = {}): Answer<string> => ({
  data,
  index,
  knownLeader: true,
  filteredByAcls: false,
  ...over,
});

/** Plays the given answers (an Error is a failure), then blocks; tells what was asked and what was heard. */
const play = async (script: readonly (Answer<string> | Error)[], turnMs = 60_000) => {
  const timers = new FakeClock();
  const asked: number[] = [];
  const heard: [string, Continuity][] = [];
  let breaks = 0;
  const read = async ({ index = 0, signal }: BlockingAsk): Promise<Answer<string>> => {
    asked.push(index);
    const next = script[asked.length - 1];
    if (next instanceof Error) throw next;
    if (next !== undefined) return next;
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  };
  const onBreak = (): void => {
    breaks += 1;
  };
  const onAnswer = (data: string, continuity: Continuity): void => void heard.push([data, continuity]);
  const recovery = createRecovery();
  const following = watch({ read, onAnswer, onBreak, recovery, timers, chance: () => 0.5 });
  const heardAtOnce = heard.length;
  await timers.turn(turnMs);
  following.stop();
  await timers.turn(60_000);
  return { asked, heard, breaks, heardAtOnce, waiting: timers.waiting() };
};

describe('watch', () => {
  it('asks past the last index, tells the first answer and then changes of content only', async () => {
    const { asked, heard, heardAtOnce } = await play([answer('a', 5), answer('a', 7), answer('b', 9)]);
    assert.deepEqual(asked, [0, 5, 7, 9]);
    assert.deepEqual(heard, [
      ['a', 'reset'],
      ['b', 'advancing'],
    ]);
    assert.equal(heardAtOnce, 0);
  });

  it('starts again from 0 when the index goes backwards, and does not trust that answer', async () => {
    const { asked, heard } = await play([answer('a', 9), answer('b', 3), answer('b', 3), answer('c', 4)]);
    assert.deepEqual(asked, [0, 9, 0, 3, 4]);
    assert.deepEqual(heard, [
      ['a', 'reset'],
      ['b', 'reset'],
      ['c', 'advancing'],
    ]);
  });

  it('tells a regressed answer even where its content is the same', async () => {
    const { heard } = await play([answer('a', 9), answer('a', 3)]);
    assert.deepEqual(heard, [
      ['a', 'reset'],
      ['a', 'reset'],
    ]);
  });

  it('never asks with an index below 1 after an answer', async () => {
    const { asked } = await play([answer('a', 0)]);
    assert.deepEqual(asked, [0, 1]);
  });

  it('is not trusted about absences without a leader or with hidden parts', async () => {
    const { heard } = await play([
      answer('a', 1),
      answer('b', 2, { knownLeader: false }),
      answer('c', 3, { filteredByAcls: true }),
      answer('d', 4),
    ]);
    assert.deepEqual(
      heard.map(([, continuity]) => continuity),
      ['reset', 'partial', 'partial', 'advancing'],
    );
  });

  it('after an error asks from 0 and tells the next answer as a reset', async () => {
    const { asked, heard, breaks } = await play([answer('a', 5), new Error('cut'), answer('a', 5)]);
    assert.deepEqual(asked, [0, 5, 0, 5]);
    assert.equal(breaks, 1);
    assert.deepEqual(heard, [
      ['a', 'reset'],
      ['a', 'reset'],
    ]);
  });

  it('backs off while Consul is away', async () => {
    const { asked } = await play(Array(1_000).fill(new Error('away')), 60_000);
    // 75, 150, 300, 600, 1200 and then 2250 ms apart.
    assert.ok(asked.length > 25 && asked.length < 35, `${asked.length} tries in a minute`);
  });

  it('follows a storm of changes at a bounded rate', async () => {
    const storm = Array.from({ length: 1_000 }, (_, i) => answer(`v${i}`, i + 1));
    const { asked } = await play(storm, 10_000);
    assert.ok(asked.length > 90 && asked.length <= 103, `${asked.length} asked in 10 s`);
  });

  it('is silent after stop and leaves no timer', async () => {
    const { heard, waiting } = await play([answer('a', 1), new Error('cut'), answer('b', 2)], 10);
    assert.deepEqual(heard, [['a', 'reset']]);
    assert.deepEqual(waiting, []);
  });
});

describe('pace', () => {
  const BACK_OFF: readonly [number, number, number][] = [
    [1, 0, 50],
    [1, 1, 100],
    [2, 0, 100],
    [4, 0.5, 600],
    [7, 0, 1_500],
    [50, 1, 3_000],
  ];
  for (const [failures, chance, ms] of BACK_OFF) {
    it(`after ${failures} failures and a draw of ${chance} waits ${ms} ms`, () => {
      assert.equal(
        backOff(failures, () => chance),
        ms,
      );
    });
  }

  it('a throttle runs at once, and then once for all that is wanted before its time', async () => {
    const timers = new FakeClock();
    const ran: number[] = [];
    const throttle = createThrottle(timers, 100, () => ran.push(timers.now()));
    const begin = timers.now();
    throttle.want();
    await timers.turn(30);
    throttle.want();
    throttle.want();
    await timers.turn(200);
    assert.deepEqual(ran, [begin, begin + 100]);
    throttle.want();
    throttle.want();
    throttle.stop();
    await timers.turn(200);
    assert.deepEqual(ran, [begin, begin + 100, begin + 230]);
  });

  it('a bucket gives its burst at once and then one token a period', async () => {
    const timers = new FakeClock();
    const bucket = createBucket(timers, 10, 2);
    assert.deepEqual([bucket.take(), bucket.take(), bucket.take(), bucket.take()], [0, 0, 100, 200]);
    await timers.turn(60_000);
    assert.deepEqual([bucket.take(), bucket.take(), bucket.take()], [0, 0, 100]);
  });
});
