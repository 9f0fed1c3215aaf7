import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type ConsulClient, createConsulClient } from '../../src/consul/client.ts';
import { CheckUnknown, ConsulError, type ConsulFailure } from '../../src/consul/errors.ts';
import { type ConsulServer, freePorts, startConsul } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

const TOKEN = '3f1c7c0e-secret';

/** A server that does one thing to every request, and a client for it. */
const faulty = async (t: TestContext, onRequest: (socket: Socket, request: string) => void) => {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', data => onRequest(socket, data.toString()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = createConsulClient({ address: `127.0.0.1:${port}`, token: () => TOKEN, timeoutMs: 300 });
  t.after(() => {
    client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { client, sockets };
};

const reply = (status: string, body: string) => (socket: Socket) => {
  const length = Buffer.byteLength(body);
  socket.write(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
  );
};

const failsAs = async (call: Promise<unknown>, kind: ConsulFailure): Promise<ConsulError> => {
  const error = await call.then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConsulError, String(error));
  assert.equal(error.kind, kind);
  assert.ok(error.hint.length > 0);
  assert.ok(
    !JSON.stringify({ ...error, text: `${error.message}${error.hint}${error.stack}` }).includes(TOKEN),
  );
  return error;
};

describe('client, when Consul misbehaves', () => {
  const FAULTS: readonly [string, (socket: Socket) => void, ConsulFailure][] = [
    ['silence (a half-open connection)', () => {}, 'timeout'],
    ['a connection closed without a word', socket => socket.destroy(), 'unreachable'],
    [
      'an answer cut short',
      socket => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{"Node":'),
      'unreachable',
    ],
    [
      'a head and then silence',
      socket => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n['),
      'timeout',
    ],
    ['garbage instead of JSON', reply('200 OK', '<html>welcome</html>'), 'bad_answer'],
    ['JSON of another shape', reply('200 OK', '[{"Node":1}]'), 'bad_answer'],
    ['403', reply('403 Forbidden', 'Permission denied'), 'forbidden'],
    ['a token unknown, as Consul 1.8 says it', reply('403 Forbidden', 'ACL not found'), 'forbidden'],
    ['429', reply('429 Too Many Requests', 'Your IP is issuing too many concurrent connections'), 'http'],
    ['500', reply('500 Internal Server Error', 'No cluster leader'), 'http'],
  ];
  for (const [what, fault, kind] of FAULTS) {
    it(`${what}: ${kind}`, async t => {
      const { client } = await faulty(t, fault);
      await failsAs(client.healthService('orders'), kind);
    });
  }

  it('a blocking query on a half-open connection ends a moment after its wait', async t => {
    const { client } = await faulty(t, () => {});
    const started = performance.now();
    await failsAs(client.catalogServices({ index: 5, waitSeconds: 0.1 }), 'timeout');
    const took = performance.now() - started;
    assert.ok(took >= 400 && took < 2_000, `${took} ms`);
  });

  it('nobody listens: unreachable, and the error names the address', async () => {
    const { http } = await freePorts(['http']);
    const client = createConsulClient({ address: `127.0.0.1:${http}` });
    const error = await failsAs(client.statusLeader(), 'unreachable');
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${http}.*ECONNREFUSED`));
  });

  it('sends the token as a header, never in the URL', async t => {
    let seen = '';
    const { client } = await faulty(t, (socket, request) => {
      seen = request;
      reply('200 OK', '""')(socket);
    });
    await client.statusLeader();
    assert.match(seen, new RegExp(`x-consul-token: ${TOKEN}`, 'i'));
    assert.ok(!seen.split('\r\n')[0]?.includes(TOKEN));
  });

  it('an aborted call rejects with the reason and closes its connection', async t => {
    const { client, sockets } = await faulty(t, () => {});
    const abort = new AbortController();
    const call = client.catalogServices({ index: 5, signal: abort.signal });
    await eventually(() => sockets.size === 1, { within: 2_000, hint: 'the request' });
    abort.abort(new Error('enough'));
    await assert.rejects(call, /enough/);
    const [socket] = sockets;
    await eventually(() => socket?.destroyed, { within: 2_000, hint: 'the connection closed' });
  });
});

describe('client, with real Consul', () => {
  let consul: ConsulServer;
  let client: ConsulClient;
  before(async () => {
    consul = await startConsul();
    client = createConsulClient({ address: `http://${consul.address}` });
  });
  after(async () => {
    client.close();
    await consul.stop();
  });

  it('registers everything that the definition says, weights included', async () => {
    await client.registerService(
      {
        id: 'o/1 é',
        name: 'orders',
        address: '127.0.0.1',
        port: 3_000,
        tags: ['path=/orders'],
        meta: { owner: 'shop' },
        weights: { passing: 5, warning: 2 },
        check: { ttlSeconds: 30 },
      },
      'passing',
    );
    const found = await eventually(
      async () => (await client.healthService('orders')).data.find(entry => entry.Checks?.length === 2),
      { within: 2_000, hint: 'the service with its check' },
    );
    assert.equal(found.Service.ID, 'o/1 é');
    assert.deepEqual(found.Service.Weights, { Passing: 5, Warning: 2 });
    assert.deepEqual(found.Service.Tags, ['path=/orders']);
    assert.ok(found.Checks?.every(check => check.Status === 'passing'));
    const raw = await fetch(`http://${consul.address}/v1/agent/services`);
    const [service] = Object.values((await raw.json()) as Record<string, { Meta: object }>);
    assert.deepEqual(service?.Meta, { owner: 'shop' });
    assert.equal(await client.knowsService('o/1 é'), true);

    await client.updateCheck('sluice:o/1 é', 'warning', 'slow');
    await eventually(async () => (await client.healthState('warning')).data.length === 1, {
      within: 2_000,
      hint: 'the warning',
    });
    await client.setMaintenance('o/1 é', true, 'new disk');
    await eventually(
      async () => (await client.healthState('critical')).data[0]?.CheckID.startsWith('_service_maintenance:'),
      { within: 2_000, hint: 'maintenance' },
    );
    await client.deregisterService('o/1 é');
    assert.equal(await client.knowsService('o/1 é'), false);
    await client.deregisterService('o/1 é');
  });

  it('an unknown check is an error of its own', async () => {
    await assert.rejects(client.updateCheck('nope', 'passing'), CheckUnknown);
  });

  it('parses nothing where the index of a service has not moved', async () => {
    const { index, data } = await client.healthService('consul');
    assert.equal(data.length, 1);
    assert.equal((await client.healthServiceSince('consul', index)).data, undefined);
    assert.equal((await client.healthServiceSince('consul', index - 1)).data?.length, 1);
  });

  it('names the leader', async () => {
    assert.match(await client.statusLeader(), /^127\.0\.0\.1:\d+$/);
  });
});
