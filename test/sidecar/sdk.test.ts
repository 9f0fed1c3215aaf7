import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import express from 'express';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import { type Handle, type RegisterOptions, register } from 'sluice/sidecar';
import { type EmbeddedAgent, startEmbeddedAgent } from '../../src/embedded/agent.ts';
import { type Log, silentLog } from '../../src/telemetry/log.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type ConsulServer, freePorts, startConsul, startRedis } from '../support/servers.ts';
import { deregister } from '../support/service.ts';
import { eventually } from '../support/wait.ts';
import { entriesOf, isPassing, statusOf } from './support.ts';

let consul: ConsulServer;
before(async () => {
  consul = await startConsul();
});
after(() => consul.stop());

/** Whatever a test starts ends with it. */
const serve = async (t: TestContext, listener: RequestListener): Promise<number> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** Registers with the Consul of this file, quietly. */
const join = async (t: TestContext, options: RegisterOptions): Promise<Handle> => {
  const handle = await register({ consul: consul.address, log: silentLog, ...options });
  t.after(() => handle.close({ drain: 0 }));
  return handle;
};

/** An application that answers with a name. */
const app = async (t: TestContext, service: string, name: string, options: Partial<RegisterOptions> = {}) => {
  const answer: RequestListener = (req, res) =>
    res.end(JSON.stringify({ name, url: req.url, headers: req.headers }));
  return join(t, { service, port: await serve(t, answer), id: name, ...options });
};

interface Answer {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}
const call = async (handle: Handle, url: string, init = {}): Promise<Answer> =>
  (await (await handle.fetch(url, init)).json()) as Answer;

describe('an application that registers itself', { concurrency: 4 }, () => {
  it('is there with its tags when register resolves, and gone before close has waited', async t => {
    const port = await serve(t, (_req, res) => res.end());
    const handle = await join(t, {
      service: 'life',
      version: 'v2',
      path: ['/life', '/l'],
      host: 'shop.example.com',
      tags: ['weight=5'],
      port,
    });
    const [entry] = await entriesOf(consul.address, 'life');
    assert.equal(entry?.Service.ID, handle.id);
    assert.equal(entry?.Service.Port, port);
    assert.deepEqual(entry?.Service.Tags, [
      'version=v2',
      'path=/life',
      'path=/l',
      'host=shop.example.com',
      'weight=5',
    ]);
    assert.equal(await statusOf(consul.address, 'life'), 'passing');
    let hasLeft = false;
    const closed = handle.close({ drain: 400 }).then(() => {
      hasLeft = true;
    });
    await eventually(async () => (await entriesOf(consul.address, 'life')).length === 0, {
      within: 350,
      hint: 'deregistered first',
    });
    assert.equal(hasLeft, false);
    await closed;
    await handle.close();
  });

  it('is registered again when the agent has forgotten it', async t => {
    const handle = await app(t, 'forgotten', 'forgotten', { ttl: 1_000 });
    await deregister(consul.address, handle.id);
    await eventually(() => isPassing(consul.address, 'forgotten'), { within: 3_000, hint: 'there again' });
  });

  it('is as well as its health function says', async t => {
    let isWell: () => boolean = () => true;
    await app(t, 'asked', 'asked', { health: () => isWell() });
    assert.equal(await statusOf(consul.address, 'asked'), 'passing');
    isWell = () => false;
    await eventually(async () => (await statusOf(consul.address, 'asked')) === 'critical', {
      within: 2_500,
      hint: 'critical',
    });
    isWell = () => true;
    await eventually(() => isPassing(consul.address, 'asked'), { within: 2_500, hint: 'passing' });
    isWell = () => {
      throw new Error('no database');
    };
    await eventually(async () => (await statusOf(consul.address, 'asked')) === 'critical', {
      within: 2_500,
      hint: 'critical',
    });
  });

  it('is asked by the agent itself where health is a path', async t => {
    let status = 200;
    let asked = 0;
    const port = await serve(t, (req, res) => {
      if (req.headers['user-agent']?.startsWith('Consul')) asked++;
      res.writeHead(req.url === '/healthz' ? status : 404).end();
    });
    await join(t, { service: 'path', port, health: '/healthz' });
    assert.equal(await statusOf(consul.address, 'path'), 'passing');
    await eventually(() => asked > 0, { within: 5_000, hint: 'Consul asks' });
    status = 500;
    await eventually(async () => (await statusOf(consul.address, 'path')) === 'critical', {
      within: 5_000,
      hint: 'critical',
    });
  });

  it('is not passing before it listens', async t => {
    const { port } = await freePorts(['port']);
    await join(t, { service: 'deaf', port });
    assert.equal(await statusOf(consul.address, 'deaf'), 'critical');
  });

  it('goes on without Consul, and says so', async t => {
    const warnings: unknown[] = [];
    const log: Log = { ...silentLog, warn: (...line: unknown[]) => void warnings.push(line[1]) };
    const handle = await app(t, 'alone', 'alone', { consul: '127.0.0.1:1', log });
    assert.equal((await handle.fetch('http://users.mesh/')).status, 503);
    assert.ok(warnings.includes('Consul takes no reports; trying on'));
  });

  it('has all that is wrong with its options told in one TypeError', async () => {
    const options = {
      service: 'a b',
      port: 70_000,
      path: 'life',
      ttl: 5,
      prot: 1,
      redis: 'http://:secret@x',
    };
    await assert.rejects(register(options as unknown as RegisterOptions), (error: unknown) => {
      assert.ok(error instanceof TypeError);
      for (const part of [
        'service "a b"',
        'port "70000"',
        'tag "path=life"',
        'ttl "5ms"',
        '"prot"',
        'redis',
      ]) {
        assert.ok(error.message.includes(part), `${part}: ${error.message}`);
      }
      assert.ok(!error.message.includes('secret'));
      return true;
    });
    await assert.rejects(register({} as RegisterOptions), /service is missing.*port is missing/);
    await assert.rejects(
      register({ service: 5, port: '1' } as unknown as RegisterOptions),
      /service: .*port: /,
    );
  });
});

describe('fetch of the handle', { concurrency: 4 }, () => {
  it('reaches a live instance by its name, with Host, method and body as they are', async t => {
    const port = await serve(t, (req, res) => {
      req.pipe(res.writeHead(200, { 'x-saw': `${req.method} ${req.headers.host} ${req.url}` }));
    });
    const handle = await join(t, { service: 'echo', port });
    const answer = await handle.fetch('http://echo.mesh/a/../b?c=d', { method: 'POST', body: 'hello' });
    assert.equal(answer.headers.get('x-saw'), 'POST echo.mesh /b?c=d');
    assert.equal(await answer.text(), 'hello');
    const asRequest = await handle.fetch(new Request('http://echo.mesh/r', { method: 'PUT', body: 'again' }));
    assert.equal(asRequest.headers.get('x-saw'), 'PUT echo.mesh /r');
    assert.equal(await asRequest.text(), 'again');
  });

  it('tries another instance where one is dead and Consul does not know it yet', async t => {
    const { port: dead } = await freePorts(['port']);
    const well = () => true;
    await join(t, { service: 'half', id: 'half-dead', port: dead, health: well });
    const handle = await app(t, 'half', 'alive', { health: well });
    // Somebody who has not learned yet which of the two fails.
    const other = await app(t, 'half-other', 'other');
    await eventually(async () => (await entriesOf(consul.address, 'half')).length === 2, {
      within: 2_000,
      hint: 'both',
    });
    for (let n = 0; n < 20; n++) assert.equal((await call(handle, 'http://half.mesh/')).name, 'alive');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () =>
        other.fetch('http://half.mesh/', { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' }),
      ),
    );
    assert.ok(
      outcomes.some(({ status }) => status === 'rejected'),
      'a stream can be sent only once',
    );
  });

  it('answers 404 for a service that nobody knows and leaves other hosts to the platform', async t => {
    const handle = await app(t, 'other', 'other');
    const unknown = await handle.fetch('http://nobody.mesh/');
    assert.equal(unknown.status, 404);
    assert.equal(unknown.headers.get('content-type'), 'application/problem+json');
    assert.equal(((await unknown.json()) as { code: string }).code, 'no_route');
    const port = await serve(t, (_req, res) => res.end('plain'));
    assert.equal(await (await handle.fetch(`http://127.0.0.1:${port}/`)).text(), 'plain');
  });

  it('reaches a service that comes later', async t => {
    const handle = await app(t, 'waiting', 'waiting');
    assert.equal((await handle.fetch('http://later.mesh/')).status, 404);
    await app(t, 'later', 'later');
    await eventually(async () => (await call(handle, 'http://later.mesh/')).name === 'later', {
      within: 2_000,
      hint: 'found',
    });
  });

  it('has the split that Redis says, and follows the dial', async t => {
    const server = await startRedis({ persist: false });
    const redis = new Redis(server.url);
    t.after(async () => {
      redis.disconnect();
      await server.stop();
    });
    const dial = async (v1: number, v2: number): Promise<void> => {
      await redis.hset('sluice:weights:split', { v1, v2 });
      await redis.publish('sluice:weights', 'split');
    };
    await dial(0, 100);
    await app(t, 'split', 'v1', { version: 'v1' });
    await app(t, 'split', 'v2', { version: 'v2' });
    const handle = await app(t, 'dialled', 'dialled', { redis: server.url });
    const names = async () =>
      new Set(
        await Promise.all(
          Array.from({ length: 30 }, async () => (await call(handle, 'http://split.mesh/')).name),
        ),
      );
    assert.deepEqual(await names(), new Set(['v2']));
    await dial(100, 0);
    await eventually(async () => (await call(handle, 'http://split.mesh/')).name === 'v1', {
      within: 1_000,
      hint: 'the dial is turned',
    });
    assert.deepEqual(await names(), new Set(['v1']));
  });

  it('hands the trace, baggage and request id of the causing request on, without recording anything', async t => {
    const handle = await app(t, 'passive', 'passive');
    const from = {
      headers: {
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        baggage: 'user=7',
        'x-request-id': 'abc',
        cookie: 'secret',
      },
    };
    const { headers } = await call(handle, 'http://passive.mesh/', { from });
    assert.equal(headers.traceparent, from.headers.traceparent);
    assert.equal(headers.baggage, 'user=7');
    assert.equal(headers['x-request-id'], 'abc');
    assert.equal(headers.cookie, undefined);
  });

  it('can be aborted, and that is not tried again', async t => {
    let asked = 0;
    const port = await serve(t, () => {
      asked++;
      abort.abort(new Error('enough'));
    });
    const abort = new AbortController();
    const handle = await join(t, { service: 'mute', port });
    await assert.rejects(handle.fetch('http://mute.mesh/', { signal: abort.signal }), /enough/);
    assert.equal(asked, 1);
  });

  it('goes on after close, to the instances known last', async t => {
    const other = await app(t, 'lasting', 'other');
    const handle = await app(t, 'leaving', 'leaving');
    assert.equal((await call(handle, 'http://lasting.mesh/')).name, 'other');
    await handle.close({ drain: 0 });
    assert.equal((await call(handle, 'http://lasting.mesh/')).name, 'other');
    assert.equal((await handle.fetch('http://leaving.mesh/')).status, 503, 'never called before');
    await other.close({ drain: 0 });
  });
});

describe('a trace through an application', () => {
  let receiver: OtlpReceiver;
  let agent: EmbeddedAgent;
  before(async () => {
    receiver = await startOtlpReceiver();
    agent = await startEmbeddedAgent({ listen: { host: '127.0.0.1', port: 0 }, log: silentLog });
  });
  after(() => Promise.all([receiver.stop(), agent.stop()]));

  /** Each calls users in answer to any request, with nothing but its own request at hand. */
  const frameworks: Record<string, (t: TestContext, handle: () => Handle) => Promise<number>> = {
    express: async (t, handle) => {
      const server = express().get('/', async (req, res) => {
        res.json(await (await handle().fetch('http://users.mesh/', { from: req })).json());
      });
      return serve(t, server);
    },
    fastify: async (t, handle) => {
      const server = fastify();
      server.get('/', async request =>
        (await handle().fetch('http://users.mesh/', { from: request })).json(),
      );
      await server.listen({ port: 0, host: '127.0.0.1' });
      t.after(() => server.close());
      return (server.server.address() as AddressInfo).port;
    },
  };
  for (const [name, start] of Object.entries(frameworks)) {
    it(`of ${name} is continued by a client span that the next service sees as its parent`, async t => {
      receiver.clear();
      let handle: Handle | undefined;
      const port = await start(t, () => handle as Handle);
      const common = { consul: agent.address, otlp: receiver.url };
      await app(t, 'users', 'users', { ...common, version: 'v1' });
      handle = await join(t, { ...common, service: name, port });
      const trace = '0af7651916cd43dd8448eb211c80319c';
      const answer = await fetch(`http://127.0.0.1:${port}/`, {
        headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` },
      });
      const { headers } = (await answer.json()) as Answer;
      const [span] = await receiver.waitFor(1);
      assert.equal(headers.traceparent, `00-${trace}-${span?.spanId}-01`);
      assert.equal(span?.traceId, trace);
      assert.equal(span?.parentSpanId, 'b7ad6b7169203331');
      assert.equal(span?.kind, 'CLIENT');
      assert.equal(span?.name, 'GET');
      assert.equal(span?.resource['service.name'], name);
      assert.equal(span?.attributes['sluice.service'], 'users');
      assert.equal(span?.attributes['sluice.version'], 'v1');
      assert.equal(span?.attributes['http.response.status_code'], 200);
    });
  }
});
