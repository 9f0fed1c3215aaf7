import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Running } from '../../src/proxy/running.ts';

const names = (running: Running<{ name: string; place: number }>): string[] =>
  [...running].map(({ name }) => name).sort();

const three = () => {
  const all = ['a', 'b', 'c'].map(name => ({ name, place: -1 }));
  const running = new Running<{ name: string; place: number }>();
  for (const one of all) running.enter(one);
  return { all, running };
};

it('whoever leaves disturbs nobody', () => {
  for (const gone of [0, 1, 2]) {
    const { all, running } = three();
    const [one] = all.splice(gone, 1);
    if (one !== undefined) running.leave(one);
    assert.deepEqual(
      names(running),
      all.map(({ name }) => name),
    );
  }
});

it('one that never entered, or has left, takes nobody along', () => {
  const { all, running } = three();
  const [first] = all;
  running.leave({ name: 'a stranger', place: -1 });
  assert.deepEqual(names(running), ['a', 'b', 'c']);
  if (first !== undefined) running.leave(first);
  if (first !== undefined) running.leave(first);
  assert.deepEqual(names(running), ['b', 'c']);
});

it('each is met once, though they leave when their turn has come', () => {
  const { running } = three();
  const met: string[] = [];
  for (const one of running) {
    met.push(one.name);
    running.leave(one);
  }
  assert.deepEqual([met.sort(), names(running)], [['a', 'b', 'c'], []]);
});
