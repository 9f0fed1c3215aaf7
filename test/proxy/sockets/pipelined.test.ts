import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../support/wait.ts';
import { startProxy } from '../support/proxy.ts';
import { rawClient, rawUpstream } from '../support/raw.ts';
import { AGREED, REQUEST } from './conversation.ts';

const GET = 'GET /first HTTP/1.1\r\nHost: x\r\n\r\n';

describe('an upgrade that is sent ahead of an earlier answer', () => {
  for (const express of [true, false]) {
    it(`waits for it, and loses nothing of either (${express ? 'express' : 'full'} lane)`, async t => {
      const SIZE = 8 * 1024 * 1024;
      const heads: string[] = [];
      const upstream = await rawUpstream(t, (socket, head) => {
        heads.push(head.split(' ', 2).join(' '));
        if (head.startsWith('GET /first')) {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
          socket.write(Buffer.alloc(SIZE, 'x'));
        } else socket.write(`${AGREED}welcome`);
      });
      const { port } = await startProxy(t, upstream.port, { express });
      const client = await rawClient(t, port);
      client.send(`${GET}${REQUEST('/chat')}eager`);
      const text = await client.until(received => received.endsWith('\r\n\r\nwelcome'));
      assert.match(text.slice(text.lastIndexOf('HTTP/1.1')), /^HTTP\/1\.1 101 /);
      assert.equal(text.split('x'.repeat(SIZE)).length, 2);
      assert.deepEqual(heads, ['GET /first', 'GET /chat']);
      await eventually(() => upstream.connections.at(-1)?.text.endsWith('\r\n\r\neager'), {
        within: 2_000,
        hint: 'what followed it',
      });
    });
  }

  it('is not carried out behind an answer that is the last', async t => {
    const upstream = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    );
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(`${GET.replace('Host', 'Connection: close\r\nHost')}${REQUEST('/chat')}`);
    await client.untilOver();
    assert.doesNotMatch(upstream.connections.map(({ text }) => text).join(''), /chat/);
  });

  it('waits, too, where it is ignored: h2c smuggling behind another request', async t => {
    const upstream = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    );
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(`${GET}${REQUEST('/h2c').replace('websocket', 'h2c')}`);
    await client.until(/ok[\s\S]*ok$/);
    assert.doesNotMatch(upstream.connections.map(({ text }) => text).join(''), /upgrade|h2c HTTP\/2/i);
  });
});
