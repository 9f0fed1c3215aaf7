import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../support/wait.ts';
import { startProxyProcess } from './support/own-process.ts';
import { startHttp } from './support/proxy.ts';

const KB = 1024;

/** Opens connections, some at a time, that send one request each and are paused at the first piece of its answer. */
const openMany = async (t: TestContext, port: number, count: number): Promise<void> => {
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      sockets.push(socket);
      socket.on('error', reject).once('data', () => {
        socket.pause();
        resolve();
      });
    });
  const openInTurn = async (): Promise<void> => {
    while (sockets.length < count) await open();
  };
  await Promise.all(Array.from({ length: 32 }, openInTurn));
};

describe('memory', () => {
  it('an idle connection holds little', async t => {
    const COUNT = 5_000;
    const upstream = await startHttp(t, (_, res) => res.end('ok'));
    const { port, residentMb } = await startProxyProcess(t, { upstream: upstream.port });
    await openMany(t, port, 200);
    const before = residentMb();
    await openMany(t, port, COUNT);
    const each = ((residentMb() - before) * KB) / COUNT;
    t.diagnostic(`${each.toFixed(1)} KiB each`);
    assert.ok(each < 20, `${each} KiB each`);
  });

  it('a reader that does not read holds a few pieces of its answer, the rest stays with the upstream', async t => {
    const COUNT = 200;
    const SIZE = 16 * KB * KB;
    const answer = Buffer.alloc(SIZE);
    const upstream = await startHttp(t, (_, res) => res.end(answer));
    const limits = { connectionsPerInstance: COUNT * 2 };
    const { port, residentMb } = await startProxyProcess(t, { upstream: upstream.port, limits });
    await openMany(t, port, 5);
    const before = residentMb();
    await openMany(t, port, COUNT);
    let last = Number.NaN;
    // It fills until nobody takes any more.
    const settled = (): boolean => {
      const now = residentMb();
      const isStill = Math.abs(now - last) < 1;
      last = now;
      return isStill;
    };
    await eventually(settled, { within: 10_000, hint: 'steady memory' });
    const each = ((residentMb() - before) * KB) / COUNT;
    t.diagnostic(`${each.toFixed(0)} KiB each`);
    assert.ok(each < 768, `${each} KiB each`);
  });
});
