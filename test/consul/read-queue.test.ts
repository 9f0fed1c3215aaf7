import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createReadQueue } from '../../src/consul/read-queue.ts';
import { FakeClock } from '../support/fake-clock.ts';

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** A queue whose reads end when the test says so. */
const build = (names: readonly string[]) => {
  const timers = new FakeClock();
  const started: string[] = [];
  const open = new Map<string, () => void>();
  const events: string[] = [];
  const queue = createReadQueue({
    read: name => {
      started.push(name);
      return new Promise(resolve => open.set(name, resolve));
    },
    beginSweep: () => {
      events.push('begin');
      return names;
    },
    onUrgentDone: () => events.push('urgent done'),
    onSweepDone: () => events.push('sweep done'),
    atOnce: 4,
    timers,
  });
  const end = async (...ended: readonly string[]): Promise<void> => {
    for (const name of ended) {
      open.get(name)?.();
      await turn();
    }
  };
  return { queue, timers, started, events, end };
};

const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f'];

describe('read queue', () => {
  it('reads four at a time in a sweep and tells the end once', async () => {
    const { queue, timers, started, events, end } = build(LETTERS);
    queue.sweep();
    await timers.turn(0);
    assert.deepEqual(started, ['a', 'b', 'c', 'd']);
    await end(...LETTERS);
    assert.deepEqual(started, LETTERS);
    assert.deepEqual(events, ['begin', 'sweep done']);
  });

  it('reads urgent ones before the rest of a sweep and tells when they are done', async () => {
    const { queue, timers, started, events, end } = build(LETTERS);
    queue.sweep();
    await timers.turn(0);
    queue.urgent(['z']);
    await end('a', 'z');
    assert.deepEqual(started, ['a', 'b', 'c', 'd', 'z', 'e']);
    assert.deepEqual(events, ['begin', 'urgent done']);
  });

  it('reads one again that turned urgent while it was being read', async () => {
    const { queue, started, events, end } = build([]);
    queue.urgent(['a']);
    queue.urgent(['a']);
    assert.deepEqual(started, ['a']);
    await end('a');
    assert.deepEqual(started, ['a', 'a']);
    assert.deepEqual(events, []);
    await end('a');
    assert.deepEqual(events, ['urgent done']);
  });

  it('reads likely ones after urgent ones, before the rest', async () => {
    const { queue, timers, started, events, end } = build(LETTERS);
    queue.sweep();
    await timers.turn(0);
    queue.likely(['f', 'l']);
    queue.urgent(['u']);
    await end('a', 'b', 'c');
    assert.deepEqual(started, ['a', 'b', 'c', 'd', 'u', 'f', 'l']);
    await end('u', 'f');
    assert.deepEqual(events, ['begin']);
    await end('l');
    assert.deepEqual(events, ['begin', 'urgent done']);
    await end('d', 'e');
    assert.deepEqual(events, ['begin', 'urgent done', 'sweep done']);
    assert.equal(started.filter(name => name === 'f').length, 1);
  });

  it('sweeps that are wanted meanwhile are one more sweep', async () => {
    const { queue, timers, events, end } = build(['a']);
    queue.sweep();
    await timers.turn(0);
    for (let i = 0; i < 100; i++) queue.sweep();
    await timers.turn(50);
    await end('a');
    await timers.turn(0);
    assert.deepEqual(events, ['begin', 'sweep done', 'begin']);
    await end('a');
    await timers.turn(60_000);
    assert.deepEqual(events, ['begin', 'sweep done', 'begin', 'sweep done']);
  });

  it('a storm of them costs a second at once, and then a tenth of the time', async () => {
    const { queue, timers, events, end } = build(['a']);
    const sweepFor = async (ms: number): Promise<void> => {
      queue.sweep();
      await timers.turn(0);
      await timers.turn(ms);
      await end('a');
    };
    const begun = (): number => events.filter(event => event === 'begin').length;
    await sweepFor(600);
    await sweepFor(600);
    assert.equal(begun(), 2);
    queue.sweep();
    // 1,000 ms, 60 more for the second sweep's 600, less 1,200.
    await timers.turn(1_399);
    assert.equal(begun(), 2);
    await timers.turn(1);
    assert.equal(begun(), 3);
  });

  it('a sweep that was cleared is not told as done', async () => {
    const { queue, timers, started, events, end } = build(LETTERS);
    queue.sweep();
    await timers.turn(0);
    queue.clear();
    await end('a', 'b', 'c', 'd');
    assert.deepEqual(started, ['a', 'b', 'c', 'd']);
    assert.deepEqual(events, ['begin']);
  });

  it('starts nothing after stop', async () => {
    const { queue, timers, started, events } = build(LETTERS);
    queue.sweep();
    queue.stop();
    queue.urgent(['z']);
    await timers.turn(60_000);
    assert.deepEqual(started, []);
    assert.deepEqual(events, []);
  });
});
