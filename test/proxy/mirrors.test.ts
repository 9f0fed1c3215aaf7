import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { compileFilters } from '../../src/core/filters/compile.ts';
import { Kept } from '../../src/core/kept.ts';
import type { Backend } from '../../src/core/model/rule.ts';
import type { ProxyOptions } from '../../src/proxy/options.ts';
import { instance } from '../core/build.ts';
import { eventually } from '../support/wait.ts';
import { startH2 } from './support/h2.ts';
import { decisionFor, type ProxyUnderTest, startProxy } from './support/proxy.ts';
import { deadPort, rawClient, rawExchange, rawUpstream } from './support/raw.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const POST = 'POST / HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello';
const GET = 'GET / HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n';

const shadowAt = (...ports: readonly number[]): Backend => ({
  service: 'shadow',
  share: 1,
  split: { source: 'instances', shares: [{ version: 'v9', share: 1 }] },
  arms:
    ports.length === 0
      ? []
      : [
          {
            version: 'v9',
            share: 1,
            targets: ports.map(port => ({
              instance: instance({ service: 'shadow', address: '127.0.0.1', port }),
              version: 'v9',
            })),
          },
        ],
});

/** A proxy that sends to one upstream and copies everything, or this share, to these ports. */
const mirroring = async (
  t: TestContext,
  ports: readonly number[],
  {
    share = 1,
    to = shadowAt(...ports),
    ...options
  }: Partial<ProxyOptions> & { share?: number; to?: Backend } = {},
): Promise<ProxyUnderTest & { readonly upstream: number }> => {
  const upstream = await rawUpstream(t, socket => socket.write(OK));
  const filters = compileFilters('the rule', { kind: 'prefix', path: '/' }, [
    { filters: [{ type: 'mirror', service: 'shadow', share }], mirrors: [to] },
  ]);
  const proxy = await startProxy(t, upstream.port, {
    decide: ({ path }) => ({ ...decisionFor(path, upstream.port), filters }),
    ...options,
  });
  return { ...proxy, upstream: upstream.port };
};

/** What became of the copies, once all have ended. */
const results = async ({ proxy }: ProxyUnderTest, total = 1): Promise<Record<string, number>> => {
  const counts = (): [string, number][] =>
    [...proxy.mirrored()].map(({ service, version, result, count }) => [
      `${service} ${version} ${result}`,
      count,
    ]);
  await eventually(() => counts().reduce((sum, [, count]) => sum + count, 0) >= total, {
    within: 3_000,
    hint: () => `the end of ${total} copies: ${JSON.stringify(counts())}`,
  });
  return Object.fromEntries(counts());
};

it('copies go the way that their service speaks', async t => {
  const bodies: string[] = [];
  const shadow = await startH2(t, async stream => {
    let body = '';
    for await (const piece of stream) body += piece;
    bodies.push(body);
    stream.respond({ ':status': 204 }, { endStream: true });
  });
  const [arm] = shadowAt(shadow.port).arms;
  const targets = arm?.targets.map(target => ({ ...target, speech: { protocol: 'h2c' as const } })) ?? [];
  const backend = { ...shadowAt(), arms: [{ version: 'v9', share: 1, targets }] };
  const proxy = await mirroring(t, [], { to: backend });

  await rawExchange(t, proxy.port, POST);

  assert.deepEqual(await results(proxy), { 'shadow v9 answered': 1 });
  assert.deepEqual(bodies, ['hello']);
});

describe('the fate of a copy is not that of the request', () => {
  const fates: Record<string, { shadow: (t: TestContext) => Promise<number>; result: string }> = {
    'it is answered with an error': {
      shadow: async t =>
        (await rawUpstream(t, s => s.write('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'))).port,
      result: 'answered',
    },
    'nobody listens': { shadow: deadPort, result: 'failed' },
    'it is reset': {
      shadow: async t => (await rawUpstream(t, socket => socket.resetAndDestroy())).port,
      result: 'failed',
    },
    'the answer is garbage': {
      shadow: async t => (await rawUpstream(t, socket => socket.write('SSH-2.0-x\r\n'))).port,
      result: 'failed',
    },
    'there is no answer in time': {
      shadow: async t => (await rawUpstream(t, () => {})).port,
      result: 'timed_out',
    },
  };
  for (const [name, { shadow, result }] of Object.entries(fates)) {
    it(name, async t => {
      const port = await shadow(t);
      const proxy = await mirroring(t, [port], { timeouts: { responseHead: 200 } });
      assert.match(await rawExchange(t, proxy.port, GET), /^HTTP\/1\.1 200 [\s\S]*ok$/);
      assert.deepEqual(await results(proxy), { [`shadow v9 ${result}`]: 1 });
      const states = [...proxy.fleet.states()];
      assert.deepEqual(
        states.map(({ id, pending, health }) => [id, pending, health.isOut]),
        [[`node/svc@127.0.0.1:${proxy.upstream}`, 0, false]],
      );
      assert.equal((await proxy.ended()).attempts.length, 1);
    });
  }

  it('the caller does not wait for it', async t => {
    const shadow = await rawUpstream(t, () => {});
    const proxy = await mirroring(t, [shadow.port]);
    assert.match(await rawExchange(t, proxy.port, GET), /^HTTP\/1\.1 200 /);
    await eventually(() => shadow.connections[0]?.text, {
      within: 2_000,
      hint: 'a copy that nobody answers',
    });
    assert.deepEqual([...proxy.proxy.mirrored()], []);
  });

  it('nobody there is nobody’s fault', async t => {
    const proxy = await mirroring(t, []);
    assert.match(await rawExchange(t, proxy.port, GET), /^HTTP\/1\.1 200 /);
    assert.deepEqual(await results(proxy), { 'shadow  no_instance': 1 });
  });
});

describe('what is not copied', () => {
  for (const [name, head] of [
    ['a long body', 'Content-Length: 50000'],
    ['a long body in chunks', 'Transfer-Encoding: chunked'],
  ] as const) {
    it(name, async t => {
      const shadow = await rawUpstream(t, socket => socket.write(OK));
      const proxy = await mirroring(t, [shadow.port]);
      const client = await rawClient(t, proxy.port);
      client.send(`POST / HTTP/1.1\r\nHost: x.test\r\n${head}\r\nConnection: close\r\n\r\n`);
      const body = 'x'.repeat(50_000);
      client.send(head.startsWith('C') ? body : `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
      assert.match(await client.untilOver(), /^HTTP\/1\.1 200 /);
      assert.deepEqual(await results(proxy), { 'shadow v9 too_large': 1 });
      assert.equal(shadow.connections.length, 0);
    });
  }

  it('what is too much at once', async t => {
    const shadow = await rawUpstream(t, () => {});
    const proxy = await mirroring(t, [shadow.port]);
    // So many may wait at one instance.
    const most = 64;
    for (let i = 0; i < most + 3; i++) {
      assert.match(await rawExchange(t, proxy.port, GET), /^HTTP\/1\.1 200 /);
    }
    assert.deepEqual(await results(proxy, 3), { 'shadow v9 dropped': 3 });
    await eventually(() => shadow.connections.length === most, {
      within: 2_000,
      hint: 'as many as may wait',
    });
  });
});

it('of a share of the requests there are that many copies, drawn from the sequences of the process', async t => {
  const shadow = await rawUpstream(t, socket => socket.write(OK));
  const proxy = await mirroring(t, [shadow.port], { share: 0.1, sequences: new Kept(10), chance: () => 0.5 });
  for (let i = 0; i < 100; i++) await rawExchange(t, proxy.port, GET);
  const { 'shadow v9 answered': answered = 0 } = await results(proxy, 8);
  assert.ok(answered <= 12, `${answered} copies`);
});

it('a copy leaves no connection behind, and the next one takes the same', async t => {
  const shadow = await rawUpstream(t, socket => socket.write(OK));
  const proxy = await mirroring(t, [shadow.port]);
  for (const n of [1, 2, 3]) {
    await rawExchange(t, proxy.port, GET);
    assert.deepEqual(await results(proxy, n), { 'shadow v9 answered': n });
  }
  assert.equal(shadow.connections.length, 1);
});
