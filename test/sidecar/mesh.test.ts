import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { AdminParts } from '../../src/admin/parts.ts';
import { type AdminServer, startAdmin } from '../../src/admin/server.ts';
import { type EmbeddedAgent, startEmbeddedAgent } from '../../src/embedded/agent.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { openMemoryStore } from '../../src/weights/memory-store.ts';
import type { WeightStore } from '../../src/weights/store.ts';
import { emptySnapshot } from '../core/build.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';
import { entriesOf, isPassing, PYTHON_APP, type RunningSidecar, startSidecar } from './support.ts';

/** orders (Node) and snake (Python) call users, v1 and v2, each beside a sidecar; weights are a gateway's. */
let agent: EmbeddedAgent;
let store: WeightStore;
let admin: AdminServer;
let receiver: OtlpReceiver;
let elsewhere: Service;
let sidecars: RunningSidecar[] = [];
let outbound: URL;
let orders: string;
let snake: string;

const dial = (v1: number, v2: number) =>
  store.set('users', new Map(Object.entries({ v1, v2 })), { actor: 'test', source: 'api' });

before(async () => {
  const listen = { host: '127.0.0.1', port: 0 };
  agent = await startEmbeddedAgent({ listen, log: silentLog });
  store = openMemoryStore({ log: silentLog });
  await store.follow(['users']);
  await dial(0, 100);
  const current = { snapshot: emptySnapshot(), since: 0 };
  const parts = { weights: store, snapshot: () => current } as unknown as AdminParts;
  admin = await startAdmin(listen, parts, silentLog);
  receiver = await startOtlpReceiver();
  elsewhere = await startService((req, res) => res.end(`elsewhere ${req.headers.host} ${req.url}`));

  const common = { consul: agent.address };
  const args = ['--admin', admin.address, '--otlp', receiver.url];
  const user = (version: string) =>
    startSidecar({
      ...common,
      service: 'users',
      args: [...args, '--version', version],
      env: { NAME: version },
    });
  sidecars = await Promise.all([
    startSidecar({ ...common, service: 'orders', args }),
    startSidecar({ ...common, service: 'snake', args, command: PYTHON_APP }),
    user('v1'),
    user('v2'),
  ]);
  const [first, second] = sidecars as [RunningSidecar, RunningSidecar];
  outbound = await first.outbound();
  orders = await first.inbound();
  snake = await second.inbound();
  await eventually(async () => (await entriesOf(agent.address, 'users')).length === 2, {
    within: 15_000,
    hint: 'both users are registered',
  });
  await eventually(() => isPassing(agent.address, 'snake'), { within: 15_000, hint: 'snake is registered' });
});

after(async () => {
  await Promise.all(sidecars.map(sidecar => sidecar.stop()));
  await Promise.all([admin.close(), store.close(), receiver.stop(), elsewhere.stop(), agent.stop()]);
});

/** As a program with `http_proxy` does it: the whole URL in the request line. */
const callThroughProxy = async (url: string, headers: Record<string, string> = {}) => {
  const call = request({
    host: outbound.hostname,
    port: outbound.port,
    path: url,
    headers: { ...headers },
  }).end();
  const [answer] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
  let body = '';
  for await (const chunk of answer) body += chunk;
  return { status: answer.statusCode, body };
};

const nameOf = async (url: string): Promise<string> =>
  (JSON.parse((await callThroughProxy(url)).body) as { name: string }).name;

describe('calls to NAME.mesh', () => {
  it('follow the split from the first call on: 0 is exactly none, and the dial turns at once', async () => {
    const names = await Promise.all(Array.from({ length: 50 }, () => nameOf('http://users.mesh/who')));
    assert.deepEqual(new Set(names), new Set(['v2']));
    await dial(100, 0);
    await eventually(async () => (await nameOf('http://users.mesh/who')) === 'v1', {
      within: 1_000,
      hint: 'the dial is turned',
    });
    assert.deepEqual(
      new Set(await Promise.all(Array.from({ length: 50 }, () => nameOf('http://users.mesh/who')))),
      new Set(['v1']),
    );
  });

  it('may also name the service in Host alone', async () => {
    const call = request({
      host: outbound.hostname,
      port: outbound.port,
      path: '/plain',
      headers: { host: 'users.mesh' },
    });
    call.end();
    const [answer] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
    answer.resume();
    assert.equal(answer.statusCode, 200);
  });

  it('to a service that nobody knows are a 404', async () => {
    const { status, body } = await callThroughProxy('http://nobody.mesh/');
    assert.equal(status, 404);
    assert.equal((JSON.parse(body) as { code: string }).code, 'no_route');
  });

  it("may come through a tunnel, as those of Node's own fetch do", async () => {
    const socket = connect(Number(outbound.port), outbound.hostname);
    socket.write('CONNECT users.mesh:80 HTTP/1.1\r\nHost: users.mesh:80\r\n\r\n');
    const [established] = (await once(socket, 'data')) as [Buffer];
    assert.match(established.toString(), /^HTTP\/1\.1 200 /);
    socket.write('GET /tunnelled HTTP/1.1\r\nHost: users.mesh\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk;
    assert.match(text, /"name":"v[12]".*"path":"\/tunnelled"/);
  });

  it('work from Python, which reads http_proxy by itself', async () => {
    const answer = await fetch(`${snake}/call/users.mesh/from-python`);
    assert.equal(answer.status, 200);
    assert.equal(((await answer.json()) as { path: string }).path, '/from-python');
  });
});

describe('calls to anywhere else', () => {
  it('are forwarded the way an HTTP proxy does', async () => {
    const { status, body } = await callThroughProxy(`${elsewhere.url}/a?b=c`);
    assert.equal(status, 200);
    assert.equal(body, `elsewhere ${elsewhere.url.slice('http://'.length)} /a?b=c`);
  });

  it('are a 502 where nobody answers', async () => {
    const { status, body } = await callThroughProxy('http://127.0.0.1:1/');
    assert.equal(status, 502);
    assert.equal((JSON.parse(body) as { code: string }).code, 'connect_failed');
  });

  it('are tunnelled on CONNECT', async () => {
    const socket = connect(Number(outbound.port), outbound.hostname);
    const authority = elsewhere.url.slice('http://'.length);
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    const [established] = (await once(socket, 'data')) as [Buffer];
    assert.match(established.toString(), /^HTTP\/1\.1 200 /);
    socket.write(`GET /tunnelled HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n\r\n`);
    let text = '';
    for await (const chunk of socket) text += chunk;
    assert.match(text, /elsewhere inner \/tunnelled/);
  });

  it('are a 502 through a tunnel to nowhere', async () => {
    const socket = connect(Number(outbound.port), outbound.hostname);
    socket.write('CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk;
    assert.match(text, /^HTTP\/1\.1 502 /);
  });
});

describe('a trace', () => {
  it('that comes in goes through both sidecars to the other service, each hop the child of the one before', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await fetch(`${orders}/call?url=http://users.mesh/traced`, {
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    });
    const mine = (spans: readonly ReceivedSpan[]) => spans.filter(span => span.traceId === traceId);
    const spans = mine(await receiver.waitFor(all => mine(all).length >= 6));
    const chain: string[] = [];
    let parent: string | undefined = 'b7ad6b7169203331';
    while (parent !== undefined) {
      const [next, ...others]: ReceivedSpan[] = spans.filter(span => span.parentSpanId === parent);
      assert.equal(others.length, 0);
      if (next !== undefined) {
        chain.push(`${next.resource['service.name']} ${next.attributes['sluice.hop']} ${next.kind}`);
      }
      parent = next?.spanId;
    }
    assert.deepEqual(chain, [
      'orders sidecar-inbound SERVER',
      'orders sidecar-inbound CLIENT',
      'orders sidecar-outbound SERVER',
      'orders sidecar-outbound CLIENT',
      'users sidecar-inbound SERVER',
      'users sidecar-inbound CLIENT',
    ]);
  });
});
