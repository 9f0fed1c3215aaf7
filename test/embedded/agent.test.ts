import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { startEmbeddedAgent } from '../../src/embedded/agent.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { eventually } from '../support/wait.ts';
import { runAgent } from './running.ts';

describe('the embedded agent', () => {
  test('knows nobody but itself at first, and is its own leader', async t => {
    const { agent, call } = await runAgent(t);
    assert.deepEqual(await (await call('GET', '/catalog/services')).json(), { consul: [] });
    assert.deepEqual(await (await call('GET', '/agent/services')).json(), {});
    assert.equal(await (await call('GET', '/status/leader')).json(), agent.address);
    const self = (await (await call('GET', '/agent/self')).json()) as { Config: { Datacenter: string } };
    assert.equal(self.Config.Datacenter, 'dc1');
  });

  test('lets nobody deregister itself', async t => {
    const { call, put } = await runAgent(t);
    await put('/agent/service/deregister/consul');
    await put('/agent/check/deregister/serfHealth');
    const [entry] = (await (await call('GET', '/health/service/consul')).json()) as { Checks: unknown[] }[];
    assert.equal(entry?.Checks.length, 1);
  });

  test('a port in use is a ListenError', async t => {
    const { agent } = await runAgent(t);
    const port = Number(agent.address.split(':')[1]);
    await assert.rejects(startEmbeddedAgent({ listen: { host: '127.0.0.1', port }, log: silentLog }), {
      name: 'ListenError',
      code: 'EADDRINUSE',
      port,
    });
  });

  test('listening everywhere, it still names an address that services can be reached at', async t => {
    const agent = await startEmbeddedAgent({ listen: { host: '0.0.0.0', port: 0 }, log: silentLog });
    t.after(() => agent.stop());
    assert.match(agent.address, /^127\.0\.0\.1:\d+$/);
  });

  test('what it does not speak is a 404 that says what it does, and where to go', async t => {
    const { call } = await runAgent(t);
    const response = await call('GET', '/connect/ca/roots');
    assert.equal(response.status, 404);
    const text = await response.text();
    assert.match(text, /does not speak \/v1\/connect\/ca\/roots/);
    assert.match(text, /PUT \/v1\/agent\/service\/register\n/);
    assert.match(text, /real Consul agent/);
  });

  const unsupported: [name: string, method: string, path: string, body?: object][] = [
    ['a filter', 'GET', '/health/state/any?filter=Status==critical'],
    [
      'a gRPC check',
      'PUT',
      '/agent/service/register',
      { Name: 'a', Check: { GRPC: '127.0.0.1:1', Interval: '1s' } },
    ],
    ['an alias check', 'PUT', '/agent/service/register', { Name: 'a', Check: { AliasService: 'b' } }],
    ['a Connect proxy', 'PUT', '/agent/service/register', { Name: 'a', Kind: 'connect-proxy', Port: 1 }],
    ['check-and-set', 'PUT', '/kv/a?cas=0'],
    ['a lock', 'PUT', '/kv/a?acquire=b'],
  ];
  for (const [name, method, path, body] of unsupported) {
    test(`${name} is refused with a hint, not passed over`, async t => {
      const { call, serviceIds } = await runAgent(t);
      const response = await call(method, path, body);
      assert.equal(response.status, 400);
      assert.match(await response.text(), /embedded agent does not support .*use a real Consul agent/);
      assert.deepEqual(await serviceIds(), []);
    });
  }

  test('a registration wakes a waiter once it is whole: never a service without its checks', async t => {
    const { agent, call, put } = await runAgent(t);
    const index = (await call('GET', '/health/service/a')).headers.get('x-consul-index');
    const waiting = call('GET', `/health/service/a?index=${index}`);
    await eventually(() => agent.waiting() === 1, { within: 2_000, hint: 'the query waits' });
    await put('/agent/service/register', { Name: 'a', Checks: [{ TTL: '1m' }, { TTL: '2m' }] });
    const [entry] = (await (await waiting).json()) as { Checks: unknown[] }[];
    assert.equal(entry?.Checks.length, 3);
  });
});

describe('extreme checks', () => {
  const extremes: Record<string, object> = {
    'a timeout of less than a millisecond': { TCP: '127.0.0.1:1', Interval: '1s', Timeout: '1us' },
    'a timeout of a century': { TCP: '127.0.0.1:1', Interval: '1s', Timeout: '876000h' },
    'an HTTP timeout of a century': { HTTP: 'http://127.0.0.1:1', Interval: '1s', Timeout: '876000h' },
    'a header that is none': { HTTP: 'http://127.0.0.1:1', Interval: '1s', Header: { 'a b': ['\n'] } },
    'a method that is none': { HTTP: 'http://127.0.0.1:1', Interval: '1s', Method: 'G T' },
  };
  for (const [name, Check] of Object.entries(extremes)) {
    test(`${name} is critical and nothing worse`, async t => {
      const { put, check } = await runAgent(t);
      await put('/agent/service/register', { Name: 'a', Check });
      const hint = 'the first verdict';
      const seen = await eventually(
        async () => {
          const now = await check('service:a');
          return now?.Output === '' ? undefined : now;
        },
        { within: 2_000, hint },
      );
      assert.equal(seen.Status, 'critical');
    });
  }
});

describe('clients that leave', () => {
  test('free their waiters and timers', async t => {
    const { agent, call, clock } = await runAgent(t);
    const leaving = new AbortController();
    const queries = Array.from({ length: 20 }, () =>
      call('GET', '/catalog/services?index=1000', undefined, leaving.signal),
    );
    await eventually(() => agent.waiting() === 20, { within: 5_000, hint: 'all queries wait' });
    leaving.abort();
    await Promise.allSettled(queries);
    await eventually(() => agent.waiting() === 0, { within: 5_000, hint: 'no query waits' });
    assert.equal(clock.pending, 0);
  });

  test('in the middle of a body do no harm', async t => {
    const { agent, serviceIds } = await runAgent(t);
    const [host, port] = agent.address.split(':');
    const socket = connect(Number(port), host);
    socket.write(
      'PUT /v1/agent/service/register HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"Name": "half"',
    );
    await once(socket, 'connect');
    socket.destroy();
    assert.deepEqual(await serviceIds(), []);
  });

  test('stop ends waits, connections and timers', async t => {
    const { agent, call, clock, put } = await runAgent(t);
    await put('/agent/service/register', { Name: 'a', Check: { TTL: '10s' } });
    const waiting = call('GET', '/catalog/services?index=1000');
    await eventually(() => agent.waiting() === 1, { within: 2_000, hint: 'the query waits' });
    await agent.stop();
    await assert.rejects(waiting);
    await eventually(() => agent.waiting() === 0, { within: 2_000, hint: 'no query waits' });
    assert.equal(clock.pending, 0);
    await assert.rejects(call('GET', '/catalog/services'));
  });
});
