import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadQueue } from '../../src/weights/read-queue.ts';
import { eventually } from '../support/wait.ts';

/** A queue whose reads end when the test says so. */
const scripted = (batch: number, { spacingMs = 0, burst = 1 } = {}) => {
  const reads: { services: readonly string[]; end: () => void }[] = [];
  const queue = new ReadQueue({
    read: services => new Promise(end => reads.push({ services, end })),
    batch,
    spacingMs,
    burst,
  });
  const nth = (n: number) => eventually(() => reads[n], { within: 1_000, hint: `read ${n}` });
  return { queue, reads, nth };
};

test('the first hint is read at once, a burst during that read becomes one more', async () => {
  const { queue, reads, nth } = scripted(10);
  queue.hint('orders');
  assert.deepEqual(reads[0]?.services, ['orders']);
  for (let i = 0; i < 10_000; i++) queue.hint(i % 2 === 0 ? 'orders' : 'users');
  assert.equal(reads.length, 1, 'one read is under way at a time');
  reads[0]?.end();
  const second = await nth(1);
  assert.deepEqual(second.services, ['orders', 'users']);
  second.end();
  queue.hint('carts');
  assert.deepEqual((await nth(2)).services, ['carts']);
});

test('hints come before routine, each service once, and no more than a batch', async () => {
  const { queue, reads, nth } = scripted(2);
  queue.add(['a', 'b', 'c', 'd']);
  assert.deepEqual(reads[0]?.services, ['a', 'b']);
  queue.hint('d');
  reads[0]?.end();
  const second = await nth(1);
  assert.deepEqual(second.services, ['d', 'c']);
  second.end();
  queue.hint('e');
  assert.deepEqual((await nth(2)).services, ['e']);
});

test('a closed queue reads nothing more', async () => {
  const { queue, reads } = scripted(1);
  queue.add(['a', 'b']);
  queue.close();
  queue.hint('c');
  reads[0]?.end();
  await new Promise(resolve => setImmediate(resolve));
  assert.equal(reads.length, 1);
});

test('a few reads need not wait for one another, more of them do', async () => {
  const { queue, reads, nth } = scripted(1, { spacingMs: 60_000, burst: 3 });
  for (let i = 0; i < 4; i++) queue.hint(`service-${i}`);
  for (let i = 0; i < 3; i++) (await nth(i)).end();
  await new Promise(resolve => setImmediate(resolve));
  assert.equal(reads.length, 3);
  queue.close();
});
