import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type { News, Telling } from '../../src/core/limit/authority.ts';
import { createRedisAuthority, type RedisAuthority } from '../../src/limits/redis-authority.ts';
import { type RedisServer, startRedis } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

const KEY = 'sluice:limit:/* 5/m all';

/** 5/m. */
const telling = (more: Partial<Telling> = {}): Telling => ({
  ...{ name: '/* 5/m all', interval: 12_000, depth: 60_000, isShared: true, debits: 1, atLeast: 0 },
  ...more,
});

/** Milliseconds that have passed meanwhile are missing. */
const about = (owed: number | undefined, ms: number): void =>
  assert.ok(owed !== undefined && owed <= ms && owed > ms - 2_000, `${owed} of ${ms}`);

let redis: RedisServer;
let cli: Redis;

before(async () => {
  redis = await startRedis({ persist: false });
  cli = new Redis({ port: redis.port });
});
beforeEach(() => cli.flushall());
after(async () => {
  cli.disconnect();
  await redis.stop();
});

interface Opened extends RedisAuthority {
  readonly heard: News[];
}

const open = async (t: TestContext, url = redis.url): Promise<Opened> => {
  const heard: News[] = [];
  const authority = createRedisAuthority({ url, prefix: 'sluice:', onNews: news => heard.push(...news) });
  t.after(() => authority.close());
  authority.open();
  authority.open();
  await eventually(() => authority.tell([telling({ name: 'ready', debits: 0, atLeast: 1 })]), {
    within: 5_000,
    hint: 'Redis is connected',
  });
  return { ...authority, heard };
};

const listeners = async (): Promise<number> => Number((await cli.pubsub('NUMSUB', 'sluice:limits'))[1]);

describe('Redis as the authority of limits', () => {
  it('adds what gateways let pass, and answers what is owed in all', async t => {
    const [a, b] = [await open(t), await open(t)];
    about((await a.tell([telling({ debits: 2 })]))[0], 24_000);
    about((await b.tell([telling({ debits: 1 })]))[0], 36_000);
    const both = await a.tell([telling({ debits: 0 }), telling({ name: '/* 5/m other' })]);
    about(both[0], 36_000);
    about(both[1], 12_000);
    const left = await cli.pttl(KEY);
    about(left, 36_001);
  });

  it('of those who were apart, who owes most counts', async t => {
    const authority = await open(t);
    await authority.tell([telling({ debits: 0, atLeast: 40_000 })]);
    about((await authority.tell([telling({ debits: 0, atLeast: 30_000 })]))[0], 40_000);
    about((await authority.tell([telling({ debits: 1, atLeast: 45_000 })]))[0], 57_000);
  });

  it('has nobody owe more than eight bursts, as by a clock that was set back', async t => {
    const authority = await open(t);
    await cli.set(KEY, String(Date.now() + 86_400_000));
    about((await authority.tell([telling()]))[0], 8 * 60_000);
  });

  for (const [name, spoil] of [
    ['no number', () => cli.set(KEY, 'many')],
    ['a number of no use', () => cli.set(KEY, 'nan')],
    ['a list', () => cli.lpush(KEY, '1')],
  ] as const) {
    it(`takes ${name} in its key for nothing`, async t => {
      const authority = await open(t);
      await spoil();
      about((await authority.tell([telling()]))[0], 12_000);
      about((await authority.tell([telling()]))[0], 24_000);
    });
  }

  it('lets all know of a slow limit that is half used, and of no other', async t => {
    const [a, b] = [await open(t), await open(t)];
    await eventually(async () => (await listeners()) === 2, { within: 5_000, hint: 'both listen' });
    await a.tell([telling({ name: 'fast', interval: 1, depth: 1_000, debits: 900 }), telling({ debits: 2 })]);
    await a.tell([telling()]);
    await eventually(() => b.heard.length > 0, { within: 5_000, hint: 'there are news' });
    assert.deepEqual(
      b.heard.map(({ name }) => name),
      ['/* 5/m all'],
    );
    about(b.heard[0]?.owed, 36_000);
    for (const message of ['', '{', '[1]', '[["x"]]', '[["sluice:limit:x", "much"]]', 'null'])
      await cli.publish('sluice:limits', message);
    await cli.publish('sluice:limits', JSON.stringify([['sluice:limit:last', '5']]));
    await eventually(() => b.heard.at(-1)?.name === 'last', { within: 5_000, hint: 'it hears on' });
    assert.equal(b.heard.length, 2);
  });

  it('counts for a user that may not publish, too', async t => {
    await cli.call('ACL', 'SETUSER', 'mute', 'on', '>x', '~sluice:*', '+@all', 'resetchannels');
    const authority = await open(t, `redis://mute:x@127.0.0.1:${redis.port}`);
    about((await authority.tell([telling({ debits: 5 })]))[0], 60_000);
  });

  it('away, refuses at once', async t => {
    const authority = createRedisAuthority({
      url: 'redis://127.0.0.1:1',
      prefix: 'sluice:',
      onNews: () => {},
    });
    t.after(() => authority.close());
    await assert.rejects(authority.tell([telling()]), /not connected/);
    authority.open();
    await assert.rejects(authority.tell([telling()]));
  });
});
