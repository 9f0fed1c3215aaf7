import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { eventually } from '../support/wait.ts';
import { startProxyProcess } from './support/own-process.ts';
import { startHttp } from './support/proxy.ts';
import { fieldsOf } from './support/raw.ts';

/** One request on an open connection; cheap, so that a test can make very many. */
const ask = (socket: Socket, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: string): void => {
      text += chunk;
      const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1];
      const end = text.indexOf('\r\n\r\n') + 4;
      if (length === undefined || text.length < end + Number(length)) return;
      socket.off('data', onData).off('close', reject);
      resolve(text);
    };
    socket.on('data', onData).once('close', reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  });

const openOne = (t: TestContext, port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.setEncoding('latin1').once('error', reject);
    t.after(() => socket.destroy());
  });

describe('an event loop that cannot keep up', () => {
  it('has a share of the requests refused, goes on telling that it is ready, and recovers', async t => {
    const upstream = await startHttp(t, (_, res) => res.setHeader('Content-Length', 2).end('ok'));
    // It can decide 200 times a second, and each of these clients wants to be answered ten times.
    const { port } = await startProxyProcess(t, { upstream: upstream.port, workMs: 5 });
    const clients = await Promise.all(Array.from({ length: 300 }, () => openOne(t, port)));
    const health = await openOne(t, port);
    // A busy loop accepts one connection a turn; this one is there before.
    await ask(health, '/ready');
    const refused: string[] = [];
    let served = 0;
    let isLoaded = true;
    const load = clients.map(async client => {
      while (isLoaded) {
        const answer = await ask(client, '/');
        if (answer.startsWith('HTTP/1.1 200 ')) served += 1;
        else refused.push(answer);
        await setTimeout(100);
      }
    });
    const servedBefore = await eventually(() => refused.length > 300 && served, {
      within: 15_000,
      hint: () => `requests that are refused: ${refused.length} of ${refused.length + served}`,
    });
    const since = performance.now();
    assert.match(await ask(health, '/ready'), /^HTTP\/1\.1 200 /);
    t.diagnostic(`ready after ${(performance.now() - since).toFixed(0)} ms`);
    await eventually(() => served > servedBefore, { within: 5_000, hint: 'some are still served' });
    isLoaded = false;
    await Promise.all(load);
    t.diagnostic(`${served} served, ${refused.length} refused`);
    for (const answer of refused) {
      assert.match(answer, /^HTTP\/1\.1 503 [\s\S]*"code":"overloaded"/);
      assert.deepEqual(fieldsOf(answer)['retry-after'], ['1']);
    }
    const few = clients.slice(0, 12);
    const recovered = async (): Promise<boolean> => {
      const answers = await Promise.all(few.map(client => ask(client, '/')));
      return answers.every(answer => answer.startsWith('HTTP/1.1 200 '));
    };
    await eventually(recovered, { within: 30_000, hint: 'all are served again' });
  });
});
