import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { eventually } from '../support/wait.ts';
import { startProxy } from './support/proxy.ts';
import { deadPort, rawClient, rawUpstream } from './support/raw.ts';

/** Reproducible chance (mulberry32). */
const chanceFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

const UPSTREAM_MOVES: readonly ((socket: Socket) => void)[] = [
  socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  socket => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'),
  socket => socket.end('HTTP/1.1 200 OK\r\n\r\nok'),
  socket =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', () => socket.resetAndDestroy()),
  socket => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', () => socket.destroy()),
  socket => socket.resetAndDestroy(),
  socket => socket.end(),
  socket => socket.write('garbage\r\n\r\n'),
  () => {},
];

const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody',
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nha',
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\nnonsense',
  'GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nmore',
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'garbage\r\n\r\n',
];

describe('whatever clients and upstreams do to each other', () => {
  it('every request ends once, and nothing is left behind', async t => {
    const chance = chanceFrom(20_260_501);
    const any = <T>(items: readonly T[]): T => items[Math.floor(chance() * items.length)] as T;
    const upstream = await rawUpstream(t, socket => any(UPSTREAM_MOVES)(socket));
    const ports = [upstream.port, await deadPort()];
    const { port, proxy, fleet, observed } = await startProxy(t, ports, {
      chance,
      timeouts: { responseHead: 40, responseStall: 40, clientStall: 40, linger: 20, keepAlive: 40 },
    });
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(t, port)));
      for (const client of clients) client.send(any(REQUESTS));
      await eventually(() => clients.some(c => c.received() !== '' || c.end() !== 'open'), {
        within: 2_000,
        hint: 'an answer',
      });
      for (const { socket } of clients)
        any([() => socket.destroy(), () => socket.resetAndDestroy(), () => socket.end()])();
    }
    await eventually(() => proxy.figures().connections === 0, { within: 5_000, hint: 'no connection left' });
    assert.equal(proxy.figures().requests, 0);
    for (const p of ports) assert.equal(fleet.pending(`node/svc@127.0.0.1:${p}`), 0);
    assert.ok(observed.length > 200, `${observed.length} requests`);
    assert.deepEqual(
      observed.filter(o => o.end === undefined),
      [],
    );
    // With nothing under way, letting go of the instances closes every connection at once.
    proxy.retain(new Set());
    await eventually(() => upstream.connections.every(c => c.socket.destroyed), {
      within: 2_000,
      hint: 'no upstream connection left',
    });
  });
});
