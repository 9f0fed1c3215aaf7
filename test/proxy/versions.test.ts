import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { decide } from '../../src/core/decide/decide.ts';
import type { Picking } from '../../src/core/decide/picking.ts';
import { compileRoutes } from '../../src/core/match/match.ts';
import { buildSnapshot, catalogOf, instance } from '../core/build.ts';
import { type ProxyUnderTest, startHttp, startProxy } from './support/proxy.ts';
import { deadPort, fieldsOf, rawExchange, rawUpstream } from './support/raw.ts';

const PICKING: Picking = {
  pinHeader: 'x-version',
  pinsByPath: true,
  stickyKey: 'a key',
  newCookie: () => 'made-here',
};

interface Versioned {
  readonly version: string;
  readonly port: number;
  readonly tags?: readonly string[];
}

/** A proxy before real instances of `orders`, which decides as a gateway does. */
const startVersions = (
  t: TestContext,
  express: boolean,
  instances: readonly Versioned[],
): Promise<ProxyUnderTest> => {
  const catalog = catalogOf(
    ...instances.map(({ version, port, tags = [] }) =>
      instance({
        service: 'orders',
        tags: ['path=/orders', `version=${version}`, ...tags],
        address: '127.0.0.1',
        port,
      }),
    ),
  );
  const { rules } = buildSnapshot({ catalog, weights: new Map(), policy: 'passing-only', tagPrefix: '' });
  const table = compileRoutes(rules);
  const fleet = new Fleet();
  return startProxy(t, 0, {
    express,
    fleet,
    chance: () => 0,
    decide: (facts, now) => decide(table, facts, fleet, now, () => 0, PICKING),
  });
};

/** Answers with its version and what it was asked for. */
const startVersion = async (t: TestContext, version: string, ...tags: string[]): Promise<Versioned> => {
  const { port } = await startHttp(t, (req, res) => res.end(`${version} ${req.url}`));
  return { version, port, tags };
};

const ask = (t: TestContext, port: number, path: string, ...fields: string[]): Promise<string> =>
  rawExchange(
    t,
    port,
    [`GET ${path} HTTP/1.1`, 'Host: x.test', 'Connection: close', ...fields, '', ''].join('\r\n'),
  );

for (const [lane, express] of [
  ['express', true],
  ['full', false],
] as const) {
  describe(`versions in the ${lane} lane`, () => {
    it('a pinned one answers, and the span is told why', async t => {
      const { port, ended } = await startVersions(t, express, [
        await startVersion(t, 'v1'),
        await startVersion(t, 'v2', 'weight=0'),
      ]);
      assert.match(await ask(t, port, '/orders/1?a=b', 'X-Version: v2'), /\r\n\r\nv2 \/orders\/1\?a=b$/);
      assert.match(await ask(t, port, '/v2/orders/1?a=b'), /\r\n\r\nv2 \/orders\/1\?a=b$/);
      assert.match(await ask(t, port, '/orders/1'), /\r\n\r\nv1 \/orders\/1$/);
      const reasons = await Promise.all([ended(0), ended(1), ended(2)]);
      assert.deepEqual(
        reasons.map(({ end }) => end.choice?.reason),
        ['pin', 'pin', 'split'],
      );
    });

    it('one that is not live is a problem of its own', async t => {
      const { port, ended } = await startVersions(t, express, [await startVersion(t, 'v1')]);
      const answer = await ask(t, port, '/orders', 'X-Version: v9');
      assert.match(answer, /^HTTP\/1\.1 503 /);
      assert.match(answer, /"code":"version_not_live"/);
      const { end } = await ended();
      assert.deepEqual([end.error, end.where.service], ['version_not_live', 'orders']);
    });

    it('a retry asks for the same path as the first attempt', async t => {
      const dead = { version: 'v2', port: await deadPort(), tags: ['strip=true'] };
      const alive = await startVersion(t, 'v2', 'strip=true');
      const { port, ended } = await startVersions(t, express, [dead, alive]);
      assert.match(await ask(t, port, '/v2/orders/1'), /\r\n\r\nv2 \/1$/);
      assert.equal((await ended()).attempts.length, 2);
    });

    it('a caller without a cookie is given one, beside those of the service', async t => {
      const { port: upstream } = await startHttp(t, (_req, res) =>
        res.setHeader('set-cookie', ['a=1', 'b=2']).end(),
      );
      const { port, ended } = await startVersions(t, express, [
        { version: 'v1', port: upstream, tags: ['sticky=cookie:id'] },
      ]);
      const cookiesOf = async (...fields: string[]) =>
        fieldsOf(await ask(t, port, '/orders', ...fields))['set-cookie'];
      assert.deepEqual(await cookiesOf(), ['a=1', 'b=2', 'id=made-here; Path=/; HttpOnly; SameSite=Lax']);
      assert.deepEqual(await cookiesOf('Cookie: id=made-here'), ['a=1', 'b=2']);
      assert.equal((await ended()).end.choice?.reason, 'only');
    });

    it('a caller whom the service gives the cookie goes by that one', async t => {
      const { port: upstream } = await startHttp(t, (_req, res) =>
        res.setHeader('set-cookie', ['a=1', 'id=of the service; Path=/']).end(),
      );
      const versions = [{ version: 'v1', port: upstream, tags: ['sticky=cookie:id'] }];
      const { port } = await startVersions(t, express, versions);
      const answer = await ask(t, port, '/orders');
      assert.deepEqual(fieldsOf(answer)['set-cookie'], ['a=1', 'id=of the service; Path=/']);
    });
  });
}

it('an upgrade goes to the pinned version, and its caller gets the cookie', async t => {
  const v1 = await rawUpstream(t, socket =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  );
  const { port } = await startVersions(t, false, [
    { version: 'v1', port: v1.port, tags: ['sticky=cookie:id'] },
  ]);
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket'];
  const request = (path: string) => [`GET ${path} HTTP/1.1`, 'Host: x.test', ...upgrade, '', ''].join('\r\n');
  const answer = await rawExchange(t, port, request('/v1/orders'));
  assert.match(answer, /^HTTP\/1\.1 101 /);
  assert.match(v1.connections[0]?.text ?? '', /^GET \/orders HTTP/);
  const sticky = await rawExchange(t, port, request('/orders'));
  assert.deepEqual(fieldsOf(sticky)['set-cookie'], ['id=made-here; Path=/; HttpOnly; SameSite=Lax']);
});
