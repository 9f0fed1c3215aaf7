import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { openRedisBoard } from '../../src/canary/redis-board.ts';
import type { Change } from '../../src/core/model/weights.ts';
import { slotOf } from '../../src/redis/slot.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { openRedisStore } from '../../src/weights/redis-store.ts';
import { rollout } from '../canary/build.ts';
import { ask, documentedRights, startCluster } from '../support/redis-fleet.ts';
import { shareRedis } from './redis.ts';

/** The rights that docs/operations.md names are enough, and none of them is one too many. */
const ann: Change = { actor: 'ann', source: 'cli' };
const RIGHTS = documentedRights('gateways');

/** All that gateways and commands do. @returns what failed, in the words that people read */
const complaints = async (t: TestContext, url: string, prefix = 'sluice:'): Promise<string[]> => {
  const store = openRedisStore({ url, prefix, log: silentLog });
  const board = openRedisBoard({ url, prefix, id: 'a gateway' });
  t.after(() => Promise.all([store.close(), board.close()]));
  await store.follow(['orders']);
  const work = [
    store.set('orders', new Map([['v1', 1]]), ann),
    store.get('orders'),
    store.history('orders', 10),
    board.lead(),
    board.keep(rollout(), 0),
    board.beat(new Map([['abc', new Map()]])),
    board.figures('abc'),
    board.list(),
    board.resign(),
  ];
  const ends = await Promise.allSettled(work);
  return ends.flatMap(end => (end.status === 'rejected' ? [(end.reason as Error).message] : []));
};

describe('the documented rights', () => {
  const shared = shareRedis();
  const as = async (name: string, rights: readonly string[]): Promise<string> => {
    await shared.cli.acl('SETUSER', name, 'reset', 'on', '>s3cret', ...rights);
    return `redis://${name}:s3cret@127.0.0.1:${shared.server.port}`;
  };

  it('are enough, and let nobody do harm', async t => {
    const url = await as('all', RIGHTS);
    assert.deepEqual(await complaints(t, url), []);
    const client = new Redis(url, { enableReadyCheck: false });
    t.after(() => client.disconnect());
    await assert.rejects(client.flushall(), /NOPERM/);
    await assert.rejects(client.keys('*'), /NOPERM/);
    await assert.rejects(client.get('else'), /NOPERM/);
    await assert.rejects(client.publish('else', 'x'), /NOPERM/);
  });

  for (const right of RIGHTS.filter(each => !each.startsWith('-'))) {
    it(`without ${right}: it is told what is missing`, async t => {
      const fewer = RIGHTS.filter(each => each !== right);
      const told = await complaints(t, await as('fewer', fewer));
      assert.ok(told.length > 0, 'something fails');
      for (const each of told) assert.match(each, /the user needs ~sluice:\* /);
      assert.ok(
        told.some(each => each.includes(right)),
        told.join('\n'),
      );
    });
  }
});

it('on a cluster: the documented rights are enough, and the one besides is needed', async t => {
  const prefix = '{sluice}:';
  const ours = RIGHTS.map(right => right.replace('sluice:', prefix));
  const cluster = await startCluster(slotOf(prefix), ['--user', 'fewer', 'on', '>s3cret', ...ours]);
  t.after(() => cluster.stop());
  const url = `redis+cluster://fewer:s3cret@127.0.0.1:${cluster.owner.port}`;
  const told = await complaints(t, url, prefix);
  assert.ok(told.length > 0 && told.every(each => each.includes('the user needs +cluster|slots')), told[0]);
  const besides = documentedRights('on a cluster besides');
  for (const { port } of cluster.primaries) await ask(port, 'ACL', 'SETUSER', 'fewer', ...besides);
  assert.deepEqual(await complaints(t, url, prefix), []);
});
