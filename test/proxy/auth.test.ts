import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { WebSocketServer } from 'ws';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { decide } from '../../src/core/decide/decide.ts';
import { NO_PINS } from '../../src/core/decide/picking.ts';
import { compileRoutes } from '../../src/core/match/match.ts';
import type { Filter } from '../../src/core/model/filter.ts';
import { buildSnapshot, catalogOf, documentRule, instance } from '../core/build.ts';
import { eventually } from '../support/wait.ts';
import { judged, letsPass, recording } from './support/judged.ts';
import { startHttp, startProxy } from './support/proxy.ts';
import { deadPort, fieldsOf, rawClient, rawExchange, rawUpstream } from './support/raw.ts';

const request = (line: string, ...fields: readonly string[]): string =>
  [`${line} HTTP/1.1`, 'Host: x.test', 'Connection: close', ...fields, '', ''].join('\r\n');

const statusOf = (answer: string): string => answer.slice(9, 12);

/** Runs in both lanes. */
const inLanes = (name: string, run: (t: TestContext, express: boolean) => Promise<void>): void => {
  for (const express of [true, false])
    it(`${name} (${express ? 'express' : 'full'} lane)`, t => run(t, express));
};

describe('whoever judges is asked', () => {
  inLanes('before anything goes upstream, and about what the rule goes by', async (t, express) => {
    const judge = await recording(t, letsPass());
    const shop = await recording(t);
    const { port, ended } = await judged(t, [judge.port], [shop.port], { express, nextId: () => 'an-id' });
    const answer = await rawExchange(
      t,
      port,
      request('GET /a/%2e/b?q=1', 'Authorization: Bearer t', 'Cookie: sid=1', 'X-Any: thing'),
    );
    assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*hello$/);
    const [asked] = judge.seen;
    assert.equal(`${asked?.method} ${asked?.url}`, 'GET /verify');
    const told = asked?.headers ?? {};
    assert.deepEqual(
      ['host', 'authorization', 'cookie', 'x-any', 'x-request-id'].map(name => told[name]),
      ['x.test', 'Bearer t', 'sid=1', 'thing', 'an-id'],
    );
    assert.deepEqual(
      ['method', 'proto', 'host', 'uri', 'for'].map(name => told[`x-forwarded-${name}`]),
      ['GET', 'http', 'x.test', '/a/b?q=1', '127.0.0.1'],
    );
    assert.equal(shop.seen[0]?.url, '/a/b?q=1');
    assert.equal((await ended()).end.auth, 'passed');
    assert.equal((await ended()).attempts.length, 1);
  });

  inLanes('a client tells no other story about its request than we do', async (t, express) => {
    const judge = await recording(t, letsPass());
    const shop = await recording(t);
    const { port } = await judged(t, [judge.port], [shop.port], { express });
    const lies = ['X-Forwarded-Uri: /public', 'X-Forwarded-Method: HEAD', 'X-Original-URL: /public'];
    const more = [
      'X_Forwarded_Uri: /public',
      'X-Rewrite-URL: /public',
      'If-None-Match: "1"',
      'Range: bytes=0-1',
    ];
    await rawExchange(t, port, request('GET /admin', ...lies, ...more));
    const told = judge.seen[0]?.rawHeaders.join('\n') ?? '';
    assert.match(told, /^X-Forwarded-Uri\n\/admin$/m);
    assert.doesNotMatch(told, /public|HEAD|If-None-Match|Range/i);
  });

  it('only of what is to be told, and what it is authorized by', async t => {
    const judge = await recording(t, letsPass());
    const shop = await recording(t);
    const { port } = await judged(t, [judge.port], [shop.port], { auth: { tells: ['x-tenant'] } });
    await rawExchange(
      t,
      port,
      request('GET /', 'Authorization: a', 'X-Tenant: b', 'Cookie: c', 'X_Tenant: d'),
    );
    const { authorization, cookie, 'x-tenant': tenant, x_tenant: other } = judge.seen[0]?.headers ?? {};
    assert.deepEqual([authorization, tenant, cookie, other], ['a', 'b', undefined, 'd']);
  });

  it('by the method and at the path of the request, where that is wanted', async t => {
    const judge = await recording(t, letsPass());
    const shop = await recording(t);
    const auth = { path: '/check', asksFor: 'request-path', keepsMethod: true } as const;
    const { port } = await judged(t, [judge.port], [shop.port], { auth });
    await rawExchange(
      t,
      port,
      `${request('POST /orders?q=1', 'Content-Length: 2', 'Content-Type: text/x')}ab`,
    );
    const [asked] = judge.seen;
    assert.equal(`${asked?.method} ${asked?.url}`, 'POST /check/orders?q=1');
    assert.equal(asked?.headers['content-length'], '0');
    assert.equal(asked?.headers['content-type'], undefined);
    assert.equal(shop.seen[0]?.headers['content-type'], 'text/x');
  });

  it('about the path without the version in front of it', async t => {
    const judge = await recording(t, letsPass());
    const shop = await recording(t);
    const picking = { ...NO_PINS, pinsByPath: true };
    const { port } = await judged(t, [judge.port], [shop.port], { picking });
    await rawExchange(t, port, request('GET /v1/admin?q'));
    assert.equal(judge.seen[0]?.headers['x-forwarded-uri'], '/admin?q');
    assert.equal(shop.seen[0]?.url, '/admin?q');
  });

  it('once, however often the request is tried', async t => {
    const judge = await recording(t, letsPass());
    const shop = await recording(t);
    const dead = await deadPort();
    const fleet = new Fleet();
    const rules = buildSnapshot({
      catalog: catalogOf(
        instance({ service: 'shop', address: '127.0.0.1', port: dead }),
        instance({ service: 'shop', address: '127.0.0.1', port: shop.port }),
        instance({ service: 'judge', address: '127.0.0.1', port: judge.port }),
      ),
      weights: new Map(),
      documents: {
        rules: [
          {
            ...documentRule('/', [{ service: 'shop', weight: 1 }]),
            filters: [{ type: 'auth', service: 'judge', path: '/', asksFor: 'path' }],
          },
        ],
        problems: [],
      },
      policy: 'passing-only',
      tagPrefix: '',
    }).rules;
    const table = compileRoutes(rules);
    const { port, ended } = await startProxy(t, 0, {
      fleet,
      decide: (facts, now) => decide(table, facts, fleet, now, () => 0, NO_PINS),
    });
    assert.equal(statusOf(await rawExchange(t, port, request('GET /'))), '200');
    assert.equal((await ended()).attempts.length, 2);
    assert.equal(judge.seen.length, 1);
  });

  it('nobody, where the rule answers by itself or the client may not pass anyhow', async t => {
    const judge = await recording(t, letsPass());
    const others: Filter[] = [{ type: 'access', deny: ['127.0.0.1'] }];
    const { port } = await judged(t, [judge.port], [await deadPort()], { others });
    assert.equal(statusOf(await rawExchange(t, port, request('GET /'))), '403');
    assert.equal(judge.seen.length, 0);
  });
});

describe('a request that passes', () => {
  inLanes('goes on with what the judge says of it, which nobody else can say', async (t, express) => {
    const judge = await recording(t, letsPass({ 'X-User': 'ann', 'X-Other': 'no', 'Set-Cookie': 'a=b' }));
    const shop = await recording(t);
    const auth = { takes: ['x-user', 'x-groups'] };
    const { port } = await judged(t, [judge.port], [shop.port], { express, auth });
    const forged = ['X-User: root', 'x_user: root', 'X-Groups: admins', 'X_Groups: admins', 'X-Other: mine'];
    await rawExchange(t, port, request('GET /', ...forged));
    const { headers } = shop.seen[0] as IncomingMessage;
    assert.deepEqual(
      ['x-user', 'x_user', 'x-groups', 'x_groups', 'x-other', 'set-cookie'].map(name => headers[name]),
      ['ann', undefined, undefined, undefined, 'mine', undefined],
    );
  });

  it('with all that the judge says, but what it says of its own answer', async t => {
    const judge = await recording(
      t,
      letsPass({ 'X-User': 'ann', 'Content-Type': 'text/judge', Via: '1.1 j' }),
    );
    const shop = await recording(t);
    const { port } = await judged(t, [judge.port], [shop.port]);
    const body = 'Content-Length: 2\r\nContent-Type: text/mine\r\n\r\nab';
    await rawExchange(
      t,
      port,
      `POST / HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\nX-User: root\r\n${body}`,
    );
    const { headers } = shop.seen[0] as IncomingMessage;
    assert.deepEqual([headers['x-user'], headers['content-type']], ['ann', 'text/mine']);
    assert.equal(headers['content-length'], '2');
    assert.doesNotMatch(headers.via ?? '', / j/);
  });

  it('goes to the version that the judge names', async t => {
    const judge = await recording(t, letsPass({ 'X-Version': 'v2' }));
    const [v1, v2] = [await recording(t), await recording(t)];
    const picking = { ...NO_PINS, pinHeader: 'x-version' };
    const auth = { takes: ['x-version'] };
    const { port } = await judged(t, [judge.port], [v1.port, v2.port], { picking, auth });
    await rawExchange(t, port, request('GET /', 'X-Version: v1'));
    assert.deepEqual([v1.seen.length, v2.seen.length], [0, 1]);
  });

  for (const status of [200, 202, 204]) {
    it(`at ${status}`, async t => {
      const judge = await recording(t, (_, res) => res.writeHead(status).end());
      const { port } = await judged(t, [judge.port], [(await recording(t)).port]);
      assert.equal(statusOf(await rawExchange(t, port, request('GET /'))), '200');
    });
  }

  it('keeps its body: none of it is sent before, all of it after', async t => {
    let letPass = (): void => {};
    const judge = await recording(t, (_, res) => {
      letPass = () => res.end();
    });
    const shop = await rawUpstream(t, () => {});
    const { port } = await judged(t, [judge.port], [shop.port]);
    const client = await rawClient(t, port);
    client.send('POST / HTTP/1.1\r\nHost: x.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await eventually(() => judge.seen.length === 1, { within: 2_000, hint: 'the question' });
    assert.equal(shop.connections.length, 0);
    client.send('6\r\n world\r\n0\r\n\r\n');
    letPass();
    await eventually(() => shop.connections[0]?.text.endsWith('0\r\n\r\n'), {
      within: 2_000,
      hint: 'the whole body',
    });
    const [, body = ''] = shop.connections[0]?.text.split('\r\n\r\n') ?? [];
    const pieces = body.split('\r\n').filter((_, i) => i % 2 === 1);
    assert.equal(pieces.join(''), 'hello world');
  });

  it('is asked for its body only then (Expect: 100-continue)', async t => {
    let letPass = (): void => {};
    const judge = await recording(t, (_, res) => {
      letPass = () => res.end();
    });
    const { port } = await judged(t, [judge.port], [(await recording(t)).port]);
    const client = await rawClient(t, port);
    client.send('POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
    await eventually(() => judge.seen.length === 1, { within: 2_000, hint: 'the question' });
    assert.equal(client.received(), '');
    letPass();
    await client.until(/^HTTP\/1\.1 100 Continue/);
    client.send('ab');
    await client.until(/200 OK/);
  });
});

describe('a request that does not', () => {
  inLanes('is answered as the judge says, and nothing goes upstream', async (t, express) => {
    const judge = await recording(t, (_, res) =>
      res
        .writeHead(302, { Location: 'https://login.test/?to=x', 'Set-Cookie': ['a=1', 'b=2'], Via: '1.1 j' })
        .end('to the login'),
    );
    const shop = await recording(t);
    const { port, ended } = await judged(t, [judge.port], [shop.port], { express });
    const answer = await rawExchange(t, port, request('GET /'));
    assert.match(answer, /^HTTP\/1\.1 302 Found\r\n[\s\S]*\r\n\r\nto the login$/);
    const fields = fieldsOf(answer);
    assert.deepEqual(fields.location, ['https://login.test/?to=x']);
    assert.deepEqual(fields['set-cookie'], ['a=1', 'b=2']);
    assert.deepEqual(fields['content-length'], ['12']);
    assert.equal(fields.date?.length, 1);
    assert.equal(shop.seen.length, 0);
    const { end } = await ended();
    assert.deepEqual([end.status, end.auth, end.error], [302, 'denied', undefined]);
  });

  it('HEAD is answered without a body, 401 with its challenge', async t => {
    const judge = await recording(t, (_, res) =>
      res.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end('who are you?'),
    );
    const { port } = await judged(t, [judge.port], [await deadPort()]);
    const answer = await rawExchange(t, port, request('HEAD /'));
    assert.match(answer, /^HTTP\/1\.1 401 [\s\S]*\r\n\r\n$/);
    assert.deepEqual(fieldsOf(answer)['www-authenticate'], ['Basic realm="x"']);
  });

  it('has what its rule wants of answers', async t => {
    const judge = await recording(t, letsPass({}, 403));
    const others: Filter[] = [
      { type: 'response-headers', change: { set: [['X-Rule', 'yes']], add: [], remove: [] } },
    ];
    const { port } = await judged(t, [judge.port], [await deadPort()], { others });
    const answer = await rawExchange(t, port, request('GET /'));
    assert.deepEqual([statusOf(answer), fieldsOf(answer)['x-rule']], ['403', ['yes']]);
  });
});

describe('where nobody can judge', () => {
  const troubles: Record<string, (t: TestContext) => Promise<readonly number[]>> = {
    'there is no instance': async () => [],
    'nobody listens': async () => [await deadPort()],
    'it fails': async t => [(await recording(t, letsPass({}, 500))).port],
    'it takes too long': async t => [(await rawUpstream(t, () => {})).port],
    'it is reset': async t => [(await rawUpstream(t, socket => socket.resetAndDestroy())).port],
    'it does not stop': async t => [
      (
        await rawUpstream(t, socket => {
          socket.write(`HTTP/1.1 403 No\r\nContent-Length: 9999999\r\n\r\n${'x'.repeat(1_100_000)}`);
        })
      ).port,
    ],
  };
  for (const [name, judges] of Object.entries(troubles)) {
    it(`${name}: nobody passes`, async t => {
      const shop = await recording(t);
      const proxy = await judged(t, await judges(t), [shop.port], { timeouts: { auth: 200 } });
      const answer = await rawExchange(t, proxy.port, request('GET /'));
      assert.equal(statusOf(answer), '503');
      assert.match(answer, /"code":"auth_unavailable"/);
      assert.equal(shop.seen.length, 0);
      assert.equal((await proxy.ended()).end.auth, 'unanswered');
      assert.deepEqual(
        [...proxy.fleet.states()].map(({ pending }) => pending).filter(pending => pending !== 0),
        [],
      );
    });

    it(`${name}: all pass where the rule says so, with nothing that is the judge's to say`, async t => {
      const shop = await recording(t);
      const auth = { failsOpen: true, takes: ['x-user'], timeout: 200 } as const;
      const { port } = await judged(t, await judges(t), [shop.port], { auth });
      assert.equal(statusOf(await rawExchange(t, port, request('GET /', 'X-User: root'))), '200');
      assert.equal(shop.seen[0]?.headers['x-user'], undefined);
    });
  }

  it('another instance is asked', async t => {
    const judge = await recording(t, letsPass());
    const proxy = await judged(t, [await deadPort(), judge.port], [(await recording(t)).port]);
    for (let i = 0; i < 4; i += 1) {
      assert.equal(statusOf(await rawExchange(t, proxy.port, request('GET /'))), '200');
    }
    assert.equal(judge.seen.length, 4);
    assert.deepEqual(
      [...proxy.proxy.judged()].map(({ service, result, count }) => [service, result, count]),
      [['judge', 'passed', 4]],
    );
  });
});

describe('a client that leaves', () => {
  inLanes('takes the question along', async (t, express) => {
    const judge = await rawUpstream(t, () => {});
    const shop = await recording(t);
    const { port, ended, fleet } = await judged(t, [judge.port], [shop.port], { express });
    const client = await rawClient(t, port);
    client.send('GET / HTTP/1.1\r\nHost: x.test\r\n\r\n');
    await eventually(() => judge.connections[0]?.text, { within: 2_000, hint: 'the question' });
    const closed = once(judge.connections[0]?.socket as NodeJS.EventEmitter, 'close');
    client.socket.destroy();
    await closed;
    assert.equal((await ended()).end.status, 499);
    assert.equal(shop.seen.length, 0);
    assert.deepEqual(
      [...fleet.states()].map(({ pending }) => pending),
      [0],
    );
  });
});

describe('an upgrade', () => {
  const upgrade = (...fields: readonly string[]): string =>
    request(
      'GET /chat',
      ...fields,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ).replace('Connection: close\r\n', '');

  it('is judged as well', async t => {
    const judge = await recording(t, (req, res) =>
      res.writeHead(req.headers.cookie === 'sid=1' ? 200 : 401, { 'X-User': 'ann' }).end('no'),
    );
    const { port: chat, server } = await startHttp(t, (_, res) => res.end());
    const users: unknown[] = [];
    new WebSocketServer({ server }).on('connection', (_, req) => users.push(req.headers['x-user']));
    const { port } = await judged(t, [judge.port], [chat], { auth: { takes: ['x-user'] } });
    const stranger = await rawClient(t, port);
    stranger.send(upgrade('X-User: root'));
    await stranger.until(/^HTTP\/1\.1 401 [\s\S]*no$/);
    const known = await rawClient(t, port);
    known.send(upgrade('X-User: root', 'Cookie: sid=1'));
    await known.until(/^HTTP\/1\.1 101 /);
    assert.deepEqual(users, ['ann']);
    assert.equal(judge.seen[0]?.headers.upgrade, undefined);
  });
});
