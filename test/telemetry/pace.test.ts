import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createPace, createTurns } from '../../src/telemetry/pace.ts';

it('work in slices: those who share a pace take turns, one slice a turn of the event loop', async () => {
  let time = 0;
  const pace = createPace(() => time);
  const done: string[] = [];
  const work = async (name: string): Promise<void> => {
    for (let i = 0; i < 6; i++) {
      await pace();
      done.push(name);
      time += 2;
    }
  };
  const works = [work('a'), work('b')];
  const turns: string[] = [];
  while (done.length < 12) {
    const before = done.length;
    await turn();
    turns.push(done.slice(before).join(''));
  }
  await Promise.all(works);
  assert.deepEqual(turns.filter(Boolean), ['aa', 'bb', 'aa', 'bb', 'aa', 'bb']);
});

it('work in turns: one piece a turn of the event loop, however short it is', async () => {
  const pace = createTurns();
  const done: number[] = [];
  const works = [1, 2, 3].map(async piece => {
    await pace();
    done.push(piece);
  });
  const turns: string[] = [];
  while (done.length < 3) {
    const before = done.length;
    await turn();
    turns.push(done.slice(before).join(''));
  }
  await Promise.all(works);
  assert.deepEqual(turns.filter(Boolean), ['1', '2', '3']);
});
