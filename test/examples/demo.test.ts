import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '../support/wait.ts';
import { isFree, ROOT, runInTerminal, type TerminalRun } from './terminal.ts';

const NPM = ['npm', 'run', '--silent', 'demo', '--'] as const;
const DIRECT = [process.execPath, '--import', 'tsx', 'examples/demo/main.ts'] as const;

const runs: TerminalRun[] = [];
const run = (...args: Parameters<typeof runInTerminal>): TerminalRun => {
  const demo = runInTerminal(...args);
  runs.push(demo);
  return demo;
};

/** Exactly as it is printed, in a shell. */
const copy = async (line: string): Promise<string> =>
  (await promisify(execFile)('sh', ['-c', line], { cwd: ROOT, timeout: 20_000 })).stdout;

const portsIn = (output: string): number[] => [
  ...new Set([...output.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port))),
];

const assertNothingIsLeft = async (demo: TerminalRun): Promise<void> => {
  assert.deepEqual(demo.pids(), []);
  for (const port of portsIn(demo.output())) assert.ok(await isFree(port), `port ${port} is free again`);
};

describe('the demo', () => {
  afterEach(() => {
    for (const demo of runs.splice(0)) demo.kill();
  });

  it('turns with the printed command, shows the trace of every hop, and leaves nothing at Ctrl-C', async () => {
    const demo = run([...NPM]);
    const [dial] = await demo.line(/^npx sluice weights set orders .*$/m);
    const [call] = await demo.line(/^curl .*\/orders\/1$/m);
    const [page] = await demo.line(/^curl .*\/trace$/m);
    await demo.line(
      /^weights v1=90 v2=10 \| asked v1 90\.0 %, v2 10\.0 % \| seen v1 [1-9].* errors 0 .* live v1 1, v2 1$/m,
    );

    assert.equal(await copy(dial), 'orders: v1 50, v2 50 (revision 2; before: v1 90, v2 10)\n');
    await demo.line(/^weights v1=50 v2=50 \| asked v1 50\.0 %, v2 50\.0 % /m);
    await demo.line(/^weights v1=50 v2=50 .* seen v1 .*, v2 (3[3-9]|[456]\d)\.\d % /m);

    const answer = JSON.parse(await copy(call)) as { order: string; version: string; trace: string };
    assert.equal(answer.order, '1');
    assert.match(answer.version, /^v[12]$/);
    assert.match(await copy(`${page}/${answer.trace}`), new RegExp(`^trace ${answer.trace}, `));
    assert.match(await copy(page), /^trace [0-9a-f]{32}, \d spans\n/);
    assert.deepEqual(shapeOf(await copy(`${page}/v2`)), [
      'sluice-gateway gateway server /orders/* orders v2 200',
      '└─ sluice-gateway gateway client /orders/* orders v2 200',
      '   └─ orders sidecar-inbound server orders orders v2 200',
      '      └─ orders sidecar-inbound client orders orders v2 200',
      '         └─ orders sidecar-outbound server users.mesh/* users v1 200',
      '            └─ orders sidecar-outbound client users.mesh/* users v1 200',
    ]);

    demo.signal('SIGINT');
    await demo.ended;
    await assertNothingIsLeft(demo);
    assert.match(demo.output(), /\nStopping …\n$/, 'and no complaints');
    assert.ok(!demo.output().includes('\x1b'), 'no colours and no redrawing where nobody sees them');
  });

  it('does the same with real Consul and Redis, by the lines for redis-cli, and ends by itself', async () => {
    const demo = run([...NPM, '--real', '--for', '6s']);
    const [hset] = await demo.line(/^redis-cli .* HSET .*$/m);
    const [publish] = await demo.line(/^redis-cli .* PUBLISH .*$/m);
    const [dial] = await demo.line(/^npx sluice weights set orders .* --redis .*$/m);
    await demo.line(/^weights v1=90 v2=10 /m);
    await copy(hset.replace('v1 50 v2 50', 'v1 0 v2 1'));
    assert.ok(Number(await copy(publish)) >= 1, 'somebody listens');
    await demo.line(/^weights v1=0 v2=1 \| asked v1 0\.0 %, v2 100\.0 % /m);
    assert.match(await copy(dial), /^orders: v1 50, v2 50 \(revision 3; before: v1 0, v2 1\)/);
    await demo.line(/^weights v1=50 v2=50 /m);
    assert.equal(await demo.ended, 0);
    await assertNothingIsLeft(demo);
  });

  it('ends in order when it is told to twice while it starts', async () => {
    const demo = run(DIRECT);
    await demo.line(/^Starting/m);
    await eventually(() => demo.pids().length > 1, { within: 5_000, hint: 'something runs' });
    demo.signal('SIGTERM');
    demo.signal('SIGINT');
    assert.equal(await demo.ended, 0);
    await assertNothingIsLeft(demo);
  });

  it('takes another port where a well-known one is taken, and says so; ends, and says why, when a process is killed', async () => {
    const taken = await takeOver(8080);
    const demo = run(DIRECT);
    const [, port] = await demo.line(/^Port 8080 is taken, so the gateway is at 127\.0\.0\.1:(\d+)\.$/m);
    await demo.line(new RegExp(`^curl http://127\\.0\\.0\\.1:${port}/orders/1$`, 'm'));
    await demo.line(/^weights /m);
    taken.close();
    const sidecar = demo
      .pids()
      .find(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dist/sidecar/main.js'));
    assert.ok(sidecar !== undefined);
    // Its program, which it can't stop any more, must not stay behind.
    process.kill(sidecar, 'SIGKILL');
    assert.equal(await demo.ended, 1);
    assert.match(demo.output(), /^orders v2 \(plain, behind sluice-sidecar\) ended with SIGKILL$/m);
    await assertNothingIsLeft(demo);
  });

  it('shows the last words of a process that does not start', async t => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-demo-test-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'consul'), '#!/bin/sh\necho "==> no space left on device" >&2\nexit 3\n', {
      mode: 0o755,
    });
    const demo = run([...DIRECT, '--real'], { PATH: `${folder}:${process.env.PATH}` });
    assert.equal(await demo.ended, 1);
    assert.match(
      demo.output(),
      /^consul ended with exit code 3\nits last lines:\n {2}==> no space left on device$/m,
    );
    await assertNothingIsLeft(demo);
  });

  it('names a wrong argument, and what there is', async () => {
    const demo = run([...DIRECT, '--for', 'ever']);
    assert.equal(await demo.ended, 2);
    assert.match(
      demo.output(),
      /^demo: --for "ever": expected a duration, e\.g\. 30s\n\nnpm run demo -- \[--real\]/,
    );
    const other = run([...DIRECT, '--reel']);
    assert.equal(await other.ended, 2);
    assert.match(other.output(), /^demo: .*--reel/);
  });
});

/** The tree without its figures, single-spaced; its indentation stays. */
const shapeOf = (page: string): string[] =>
  page
    .split('\n')
    .slice(3)
    .filter(line => line !== '')
    .map(line => line.replace(/\s+\+[\d.]+ ms\s+[\d.]+ ms$/, '').replace(/(?<=\S) {2,}/g, ' '));

/** Listens on a port, or finds that somebody does already. */
const takeOver = async (port: number): Promise<{ close(): void }> => {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EADDRINUSE');
  }
  return server;
};
