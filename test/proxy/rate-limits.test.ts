import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { decide } from '../../src/core/decide/decide.ts';
import { NO_PINS } from '../../src/core/decide/picking.ts';
import { Books } from '../../src/core/limit/books.ts';
import { RateLimiter } from '../../src/core/limit/rate-limiter.ts';
import { compileRoutes } from '../../src/core/match/match.ts';
import { buildSnapshot, catalogOf, instance } from '../core/build.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type ProxyUnderTest, startProxy } from './support/proxy.ts';
import { fieldsOf, rawExchange, rawUpstream } from './support/raw.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

interface Stage extends ProxyUnderTest {
  readonly clock: FakeClock;
  /** How many requests the upstream has seen. */
  seen(): number;
  ask(
    method?: string,
    ...lines: readonly string[]
  ): Promise<{ status: number; fields: Fields; body: string }>;
}

type Fields = ReturnType<typeof fieldsOf>;

/** A real proxy with the rule of these tags, on a clock that stands still. */
const stageOf = async (t: TestContext, express: boolean, ...tags: readonly string[]): Promise<Stage> => {
  let seen = 0;
  const upstream = await rawUpstream(t, socket => {
    seen += 1;
    socket.write(OK);
  });
  const catalog = catalogOf(
    instance({ service: 'orders', address: '127.0.0.1', port: upstream.port, tags: ['path=/', ...tags] }),
  );
  const { rules } = buildSnapshot({ catalog, weights: new Map(), policy: 'passing-only', tagPrefix: '' });
  const table = compileRoutes(rules);
  const fleet = new Fleet();
  const clock = new FakeClock(1_000);
  const picking = { ...NO_PINS, limits: new RateLimiter(new Books()) };
  const proxy = await startProxy(t, [], {
    decide: facts => decide(table, facts, fleet, clock.now(), Math.random, picking),
    fleet,
    express,
    nextId: () => 'id',
  });
  return {
    ...proxy,
    clock,
    seen: () => seen,
    ask: async (method = 'GET', ...lines) => {
      const request = [`${method} / HTTP/1.1`, 'Host: x.test', ...lines, 'Connection: close', '', ''];
      const answer = await rawExchange(t, proxy.port, request.join('\r\n'));
      return {
        status: Number(answer.slice(9, 12)),
        fields: fieldsOf(answer),
        body: answer.slice(answer.indexOf('\r\n\r\n') + 4),
      };
    },
  };
};

for (const [lane, express] of [
  ['express', true],
  ['full', false],
] as const) {
  describe(`a limited rule in the ${lane} lane`, () => {
    it('tells each caller where it stands, and turns away what is beyond', async t => {
      const stage = await stageOf(t, express, 'rate-limit=2/m');
      const first = await stage.ask();
      assert.equal(first.status, 200);
      assert.deepEqual(first.fields['ratelimit-policy'], ['"2/m";q=2;w=60']);
      assert.deepEqual(first.fields.ratelimit, ['"2/m";r=1;t=30']);
      assert.equal(first.fields['retry-after'], undefined);
      await stage.ask();

      const third = await stage.ask();
      assert.equal(third.status, 429);
      assert.deepEqual(third.fields.ratelimit, ['"2/m";r=0;t=30']);
      assert.deepEqual(third.fields['retry-after'], ['30']);
      assert.deepEqual(third.fields['content-type'], ['application/problem+json']);
      assert.equal((JSON.parse(third.body) as { code: string }).code, 'rate_limited');
      assert.equal(stage.seen(), 2);
      assert.equal((await stage.ended(2)).end.error, 'rate_limited');
      assert.equal((await stage.ended(2)).end.where?.route, '/*');

      stage.clock.advance(30_000);
      assert.equal((await stage.ask()).status, 200);
    });

    it('a rule without limit says nothing of limits', async t => {
      const stage = await stageOf(t, express);
      assert.equal((await stage.ask()).fields.ratelimit, undefined);
    });

    it('each caller by its header', async t => {
      const stage = await stageOf(t, express, 'rate-limit=1/m,by=header:x-user');
      const statuses = [];
      for (const user of ['a', 'b', 'a']) statuses.push((await stage.ask('GET', `X-User: ${user}`)).status);
      assert.deepEqual(statuses, [200, 200, 429]);
    });
  });
}

describe('limits', () => {
  it('are counted for the address of the connection, whoever the client says that it is', async t => {
    const stage = await stageOf(t, true, 'rate-limit=1/m,by=address');
    assert.equal((await stage.ask('GET', 'X-Forwarded-For: 10.0.0.1')).status, 200);
    assert.equal((await stage.ask('GET', 'X-Forwarded-For: 10.0.0.2')).status, 429);
  });

  it('hold for upgrades', async t => {
    const stage = await stageOf(t, true, 'rate-limit=1/m');
    await stage.ask();
    const { status, fields } = await stage.ask('GET', 'Upgrade: websocket', 'Connection: Upgrade');
    assert.deepEqual([status, fields['retry-after']], [429, ['60']]);
    assert.equal(stage.seen(), 1);
  });

  it('leave the connection open, and read on behind the body of what was turned away', async t => {
    const stage = await stageOf(t, true, 'rate-limit=1/m');
    await stage.ask();
    const post = 'POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: 3\r\n\r\nabc';
    const last = 'GET / HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n';
    const answers = await rawExchange(t, stage.port, post + last);
    assert.equal(answers.match(/HTTP\/1\.1 429/g)?.length, 2);
  });

  it('do not disturb the split: what is turned away is nobody’s share', async t => {
    // Every second request is turned away; had it been drawn for, one version would get them all.
    const clock = new FakeClock(0);
    const of = (version: string) =>
      instance({ service: 'orders', tags: ['path=/', `version=${version}`, 'rate-limit=10/s,burst=1'] });
    const catalog = catalogOf(of('v1'), of('v2'));
    const { rules } = buildSnapshot({ catalog, weights: new Map(), policy: 'passing-only', tagPrefix: '' });
    const table = compileRoutes(rules);
    let draws = 0;
    const picking = { ...NO_PINS, limits: new RateLimiter(new Books()) };
    const alternating = (): number => {
      draws += 1;
      return draws % 2 === 0 ? 0.25 : 0.75;
    };
    const stage = await startProxy(t, [], {
      decide: facts => {
        clock.advance(50);
        return decide(table, facts, new Fleet(), clock.now(), alternating, picking);
      },
    });
    const request = 'GET / HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n';
    let admitted = 0;
    for (let i = 0; i < 8; i++)
      if (!(await rawExchange(t, stage.port, request)).includes(' 429 ')) admitted += 1;
    assert.equal(admitted, 4);
    assert.equal(draws, 4);
  });
});
