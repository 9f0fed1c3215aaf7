import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { decide } from '../../src/core/decide/decide.ts';
import { NO_PINS, type Picking } from '../../src/core/decide/picking.ts';
import { compileRoutes } from '../../src/core/match/match.ts';
import type { SessionRule } from '../../src/core/model/traffic.ts';
import { SessionSeal } from '../../src/core/route/session-seal.ts';
import { buildSnapshot, catalogOf, documentRule, instance } from '../core/build.ts';
import { startHttp, startProxy } from './support/proxy.ts';
import { deadPort, fieldsOf, rawExchange, rawUpstream } from './support/raw.ts';

const PICKING: Picking = { ...NO_PINS, sessions: { seal: new SessionSeal('a key'), clock: () => 1e12 } };

const BY = { cookie: 'sid', header: 'x-sid' } as const;

/** A proxy before instances of one service, whose callers have sessions; the first is picked where it can be. */
const startSessions = (t: TestContext, express: boolean, ...ports: number[]): Promise<number> =>
  startSessionsBy({ by: 'cookie', name: 'sid', scope: 'default/shop/0' }, t, express, ...ports);

const startSessionsBy = async (
  session: SessionRule,
  t: TestContext,
  express: boolean,
  ...ports: number[]
): Promise<number> => {
  const instances = ports.map(port => instance({ service: 'shop', address: '127.0.0.1', port }));
  const { rules } = buildSnapshot({
    catalog: catalogOf(...instances),
    weights: new Map(),
    documents: {
      rules: [{ ...documentRule('/', [{ service: 'shop', weight: 1 }]), session, retry: {}, retries: 1 }],
      problems: [],
    },
    policy: 'passing-only',
    tagPrefix: '',
  });
  const table = compileRoutes(rules);
  const fleet = new Fleet();
  const { port } = await startProxy(t, 0, {
    express,
    fleet,
    chance: () => 0,
    decide: (facts, now) => decide(table, facts, fleet, now, () => 0, PICKING),
  });
  return port;
};

const get = (t: TestContext, port: number, ...fields: readonly string[]): Promise<string> =>
  rawExchange(
    t,
    port,
    ['GET / HTTP/1.1', 'Host: x.test', 'Connection: close', ...fields, '', ''].join('\r\n'),
  );

const cookieIn = (answer: string): string => {
  const [cookie = ''] = fieldsOf(answer)['set-cookie'] ?? [];
  assert.match(cookie, /^sid=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax$/);
  return cookie.split(';')[0] ?? '';
};

for (const express of [true, false]) {
  describe(express ? 'express lane' : 'full lane', () => {
    it('a session is with the instance that answers, not with the one that was tried first', async t => {
      const { port: answering } = await startHttp(t, (_, res) => res.end('hello'));
      const port = await startSessions(t, express, await deadPort(), answering);
      const first = await get(t, port);
      assert.match(first, /hello$/);
      // Had it been given for the first one, this answer would come of a retry, too, and bring another.
      const again = await get(t, port, `Cookie: ${cookieIn(first)}`);
      assert.match(again, /hello$/);
      assert.equal(fieldsOf(again)['set-cookie'], undefined);
    });

    it('by a header: the first answer gives the token, the instance sees what the caller sends of it', async t => {
      const { port: upstream } = await startHttp(t, (req, res) => res.end(`saw ${req.headers['x-sid']}`));
      const rule: SessionRule = { by: 'header', name: 'x-sid', scope: 'default/shop/0' };
      const port = await startSessionsBy(rule, t, express, upstream);
      const first = await get(t, port);
      assert.match(first, /saw undefined$/);
      const [token = '', ...more] = fieldsOf(first)['x-sid'] ?? [];
      assert.match(token, /^[\w.-]+$/);
      assert.deepEqual([more, fieldsOf(first)['set-cookie']], [[], undefined]);
      const again = await get(t, port, `X-Sid: ${token}`);
      assert.ok(again.endsWith(`saw ${token}`), again);
      assert.equal(fieldsOf(again)['x-sid'], undefined);
    });

    for (const by of ['cookie', 'header'] as const) {
      it(`the name of its ${by} is the gateway's: what the upstream says under it does not pass`, async t => {
        const { port: upstream } = await startHttp(t, (_, res) => {
          res.setHeader('Set-Cookie', ['other=1; Path=/', 'sid=; Max-Age=0', 'Sid=2', 'sid =3']);
          res.setHeader('X-SID', ['echoed', 'twice']);
          res.end();
        });
        const port = await startSessionsBy(
          { by, name: BY[by], scope: 'default/shop/0' },
          t,
          express,
          upstream,
        );
        const ofUpstream = {
          cookie: { cookies: ['other=1; Path=/', 'Sid=2'], headers: ['echoed', 'twice'] },
          header: { cookies: ['other=1; Path=/', 'sid=; Max-Age=0', 'Sid=2', 'sid =3'], headers: [] },
        }[by];
        const given = (answer: string): string[] => {
          const { 'set-cookie': cookies = [], 'x-sid': headers = [] } = fieldsOf(answer);
          assert.deepEqual(cookies.slice(0, ofUpstream.cookies.length), ofUpstream.cookies);
          assert.deepEqual(headers.slice(0, ofUpstream.headers.length), ofUpstream.headers);
          return [...cookies.slice(ofUpstream.cookies.length), ...headers.slice(ofUpstream.headers.length)];
        };
        const [token = '', ...more] = given(await get(t, port));
        assert.match(token, by === 'cookie' ? /^sid=[\w.-]{20,};/ : /^[\w.-]{20,}$/);
        assert.deepEqual(more, []);
        const sent = by === 'cookie' ? `Cookie: ${token.split(';')[0]}` : `X-Sid: ${token}`;
        assert.deepEqual(given(await get(t, port, sent)), []);
      });
    }

    it('an answer of our own gives none', async t => {
      const port = await startSessions(t, express, await deadPort());
      const answer = await get(t, port);
      assert.match(answer, /^HTTP\/1\.1 50\d /);
      assert.equal(fieldsOf(answer)['set-cookie'], undefined);
    });
  });
}

it('an upgrade begins a session', async t => {
  const upstream = await rawUpstream(t, socket =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  );
  const port = await startSessions(t, false, upstream.port);
  const request = 'GET / HTTP/1.1\r\nHost: x.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  cookieIn(await rawExchange(t, port, request));
});
