import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { eventually } from '../support/wait.ts';
import { startHttp, startProxy } from './support/proxy.ts';
import { fieldsOf, rawClient, rawUpstream } from './support/raw.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('drain', () => {
  it('finishes what runs, announces the end, and resolves when nothing is left', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port, proxy } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(GET);
    const { socket } = await eventually(() => upstream.connections[0], { within: 2_000, hint: 'a request' });
    const drained = proxy.drain(5_000);
    socket.write(OK);
    const answer = await client.untilOver();
    assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*ok$/);
    assert.deepEqual(fieldsOf(answer).connection, ['close']);
    assert.deepEqual(await drained, { cut: 0 });
  });

  it('refuses new connections and answers a request on an open one', async t => {
    const upstream = await startHttp(t, (_, res) => res.end('ok'));
    const { port, proxy } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(GET);
    await client.until(/ok/);
    const drained = proxy.drain(5_000);
    await assert.rejects(
      new Promise((resolve, reject) =>
        connect(port, '127.0.0.1', () => resolve('connected')).on('error', reject),
      ),
      { code: 'ECONNREFUSED' },
    );
    client.send(GET);
    assert.match(await client.untilOver(), /Connection: close[\s\S]*ok/);
    assert.deepEqual(await drained, { cut: 0 });
  });

  it('is not ready any more', async t => {
    const { port, proxy } = await startProxy(t, 1, { readyPath: '/ready' });
    const client = await rawClient(t, port);
    client.send('GET /ready HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until(/^HTTP\/1\.1 200 /);
    const drained = proxy.drain(5_000);
    client.send('GET /ready HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.match(await client.untilOver(), /HTTP\/1\.1 503 /);
    await drained;
  });

  it('closes connections that stay idle, well before the deadline', async t => {
    const { port, proxy } = await startProxy(t, 1);
    const client = await rawClient(t, port);
    assert.deepEqual(await proxy.drain(10_000), { cut: 0 });
    await client.untilOver();
  });

  it('cuts at the deadline what still runs, and says how much', async t => {
    const upstream = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    );
    const { port, proxy, ended } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(GET);
    await client.until(/half/);
    assert.deepEqual(await proxy.drain(100), { cut: 1 });
    await client.untilOver();
    assert.equal((await ended()).end.cut, true);
  });

  it('closes a connection whose answer began before it, once that is done', async t => {
    const upstream = await rawUpstream(t, socket =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf'),
    );
    const { port, proxy } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(GET);
    await client.until(/half/);
    const drained = proxy.drain(10_000);
    upstream.connections[0]?.socket.write('half');
    assert.match(await client.untilOver(), /halfhalf$/);
    assert.deepEqual(await drained, { cut: 0 });
  });
});

describe('CONNECT', () => {
  const CONNECT = 'CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n';

  it('is handed over where the hop takes it, and counts until it is over', async t => {
    const asked: string[] = [];
    const { port, proxy } = await startProxy(t, 1, {
      tunnel: (authority, socket, head) => {
        asked.push(`${authority} ${head}`);
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        socket.pipe(socket);
        return true;
      },
    });
    const client = await rawClient(t, port);
    client.send(`${CONNECT}eager`);
    await client.until(/200 Connection Established/);
    client.send('echo');
    await client.until(/echo$/);
    assert.deepEqual(asked, ['other.test:443 eager']);
    assert.deepEqual(await proxy.drain(50), { cut: 1 });
  });

  it('is refused where the hop declines it', async t => {
    const { port } = await startProxy(t, 1, { tunnel: () => false });
    const client = await rawClient(t, port);
    client.send(CONNECT);
    assert.match(await client.untilOver(), /^HTTP\/1\.1 400 /);
  });
});
