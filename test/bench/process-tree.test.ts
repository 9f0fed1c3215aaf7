import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseStat, treeOf, usageOf } from '../../bench/process-tree.ts';
import { startNode } from '../support/child.ts';
import { eventually } from '../support/wait.ts';

it('a name with spaces and parentheses moves no field', () => {
  const fields = Array.from({ length: 50 }, (_, i) => i + 3);
  assert.deepEqual(parseStat(`77 (a) b (c) S ${fields.slice(1).join(' ')}`), {
    pid: 77,
    parent: 4,
    ticks: 14 + 15 + 16 + 17,
    pages: 24,
  });
});

it('a tree is the process and all below it', () => {
  const stat = (pid: number, parent: number) => ({ pid, parent, ticks: 0, pages: 0 });
  const all = [stat(30, 20), stat(10, 1), stat(20, 10), stat(11, 1), stat(40, 11)];
  assert.deepEqual(
    treeOf(10, all).map(({ pid }) => pid),
    [30, 10, 20],
  );
});

it('the CPU of a child counts while it runs and after it has ended', async () => {
  const busy = 'while (process.cpuUsage().user < 300_000);';
  const parent = startNode([
    '-e',
    `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(busy)}])
      .on('exit', () => console.log('ended')); setInterval(() => {}, 1000);`,
  ]);
  const running = await eventually(() => usageOf(parent.pid).cpu > 200_000 && usageOf(parent.pid), {
    within: 10_000,
    hint: 'the child is busy',
  });
  await eventually(() => parent.stdout().includes('ended'), { within: 10_000, hint: 'the child has ended' });
  const after = usageOf(parent.pid);
  assert.ok(after.cpu >= running.cpu, `${after.cpu} after ${running.cpu}`);
  assert.ok(after.rss > 10e6 && after.rss < 1e9, `${after.rss} bytes`);
  await parent.stop();
  assert.throws(() => usageOf(parent.pid), /has ended/);
});
