import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { fieldsOf, listenOn, portOf, rawClient, rawExchange } from '../proxy/support/raw.ts';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { register } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
const UPGRADE = 'GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';

/** Answers `/slow` when it is told to, echoes what is upgraded, and answers anything else at once. */
const startUpstream = async () => {
  const slow: ServerResponse[] = [];
  const server = createServer((req, res) => {
    if (req.url === '/slow') slow.push(res);
    else res.end('ok');
  });
  server.on('upgrade', (_, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  await listenOn(server);
  return { port: portOf(server), slow, close: () => new Promise(resolve => server.close(resolve)) };
};

describe('SIGTERM', () => {
  let consul: ConsulServer;
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  let gateway: RunningGateway;
  let front: number;

  before(async () => {
    [consul, upstream] = await Promise.all([startConsul(), startUpstream()]);
    const { address } = consul;
    await register(address, { ID: 'all-1', Name: 'all', Port: upstream.port, Tags: ['path=/'] });
    gateway = await runGateway([
      ...['--consul', address, '--redis', 'off', '--access-log', 'off'],
      ...['--drain-delay', '1500ms', '--drain', '3s'],
    ]);
    front = Number(new URL(await gateway.serving()).port);
  });
  after(async () => {
    await gateway.stop('SIGKILL');
    await Promise.all([consul.stop(), upstream.close()]);
  });

  it('is told to those in front first, refuses nobody meanwhile, and cuts what is left at the end', async t => {
    await eventually(async () => (await rawExchange(t, front, get('/'))).includes(' 200 OK'), {
      within: 5_000,
      hint: 'the route',
    });
    const slow = await rawClient(t, front);
    slow.send(get('/slow'));
    await eventually(() => upstream.slow.length === 1, { within: 2_000, hint: 'the slow request' });
    const early = await rawClient(t, front);
    early.send(UPGRADE);
    await early.until(/ 101 /);

    const signalled = performance.now();
    gateway.signal('SIGTERM');
    await eventually(async () => (await fetch(`${gateway.admin}/readyz`)).status === 503, {
      within: 1_000,
      hint: '/readyz is off',
    });
    assert.match(await rawExchange(t, front, get('/.sluice/ready')), /^HTTP\/1\.1 503 /);
    const lively = await rawClient(t, front);
    lively.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const answer = await lively.untilOver();
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.deepEqual(fieldsOf(answer).connection, ['close']);
    const late = await rawClient(t, front);
    late.send(UPGRADE);
    await late.until(/ 101 /);

    const isRefused = async (): Promise<boolean> => {
      const { socket } = await rawClient(t, front);
      socket.destroy();
      return false;
    };
    await eventually(() => isRefused().catch(error => error.code === 'ECONNREFUSED'), {
      within: 5_000,
      hint: 'no new connections',
    });
    const delayed = performance.now() - signalled;
    assert.ok(delayed > 1_400, `new connections were refused after ${delayed} ms`);

    upstream.slow[0]?.end('slow but whole');
    assert.match(await slow.untilOver(), /^HTTP\/1\.1 200 [\s\S]*slow but whole/);
    early.send('still there');
    await early.until(/still there$/);
    assert.equal(await gateway.exited, 0);
    assert.deepEqual([early.end(), late.end()].includes('open'), false);
    assert.equal(gateway.log().find(line => line.cut !== undefined)?.cut, 2);
  });
});
