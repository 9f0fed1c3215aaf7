import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Change } from '../../src/core/model/weights.ts';
import { ConfigError } from '../../src/core/settings/settings.ts';
import { slotOf } from '../../src/redis/slot.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { openRedisStore, type RedisStoreOptions } from '../../src/weights/redis-store.ts';
import type { WeightStore } from '../../src/weights/store.ts';
import {
  ask,
  documentedRights,
  makeCertificates,
  startCluster,
  startReplica,
  startSentinel,
} from '../support/redis-fleet.ts';
import { freePorts, startRedis } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

/** Redis as people run it: behind TLS, watched by Sentinel, as a cluster. */
const ann: Change = { actor: 'ann', source: 'cli' };
const TAGGED = '{sluice}:';

const open = (t: TestContext, url: string, options: Partial<RedisStoreOptions> = {}): WeightStore => {
  const store = openRedisStore({ url, log: silentLog, reconcileMs: 3_600_000, ...options });
  t.after(() => store.close());
  return store;
};

const set = (store: WeightStore, v1: number): Promise<unknown> =>
  eventually(async () => (await store.set('orders', new Map([['v1', v1]]), ann)).revision > 0, {
    within: 15_000,
    hint: () => `set; ${store.status().detail}`,
  });

const sees = (store: WeightStore, v1: number): Promise<unknown> =>
  eventually(() => store.current().get('orders')?.weights?.get('v1') === v1, {
    within: 15_000,
    hint: () => `v1 ${v1}; it is ${JSON.stringify(store.current().get('orders'))}, ${store.status().detail}`,
  });

/** Reading, writing, and hearing of changes. */
const works = async (t: TestContext, url: string, options: Partial<RedisStoreOptions> = {}) => {
  const gateway = open(t, url, options);
  const operator = open(t, url, options);
  await gateway.follow(['orders']);
  assert.deepEqual([gateway.status().state, gateway.status().detail], ['up', undefined]);
  for (const v1 of [1, 2]) {
    await set(operator, v1);
    await sees(gateway, v1);
  }
  return { gateway, operator };
};

describe('TLS', () => {
  it('with an authority of our own, and a certificate of ours', async t => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-tls-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const { ca, cert, key } = makeCertificates(folder);
    const { tls } = await freePorts(['tls']);
    const server = await startRedis({
      persist: false,
      args: [
        ...['--tls-port', `${tls}`, '--tls-cert-file', cert, '--tls-key-file', key],
        ...['--tls-ca-cert-file', ca, '--tls-auth-clients', 'yes', '--requirepass', 's3cret'],
      ],
    });
    t.after(() => server.stop());
    const url = `rediss://:s3cret@127.0.0.1:${tls}`;
    await works(t, `${url}?cacert=${ca}&cert=${cert}&key=${key}`);

    for (const [parameters, words] of [
      ['', /self-signed|unable to verify|local issuer/],
      [`?cacert=${ca}`, /certificate required|closed|ECONNRESET/],
      [`?cacert=${ca}&cert=${cert}&key=${key}&sni=else.where`, /else\.where|does not match/],
    ] as const) {
      const stranger = open(t, url + parameters);
      await stranger.follow(['orders']);
      assert.equal(stranger.status().state, 'down');
      assert.match(stranger.status().detail ?? '', words);
    }
    const missing = join(folder, 'none.pem');
    assert.throws(() => openRedisStore({ url: `${url}?cacert=${missing}`, log: silentLog }), ConfigError);
  });
});

describe('Sentinel', () => {
  it('a primary that dies: the next one is followed and written to, with the ledger that it had', async t => {
    const primary = await startRedis({ persist: false });
    t.after(() => primary.stop());
    const replica = await startReplica(primary.port);
    t.after(() => replica.stop());
    const sentinel = await startSentinel(primary.port, [
      `user gateway on >pw -@all ${documentedRights('Sentinels').join(' ')}`,
    ]);
    t.after(() => sentinel.stop());
    await eventually(
      async () => ((await ask(sentinel.port, 'SENTINEL', 'replicas', 'main')) as unknown[]).length === 1,
      { within: 15_000, hint: 'the Sentinel knows the replica' },
    );
    const { dead } = await freePorts(['dead']);
    // The first Sentinel is away, as one of three may be.
    const login = 'sentinel-user=gateway&sentinel-password=pw';
    const url = `redis+sentinel://127.0.0.1:${dead},127.0.0.1:${sentinel.port}/main?${login}`;
    const { gateway, operator } = await works(t, url);
    await ask(primary.port, 'WAIT', '1', '1000');

    await primary.kill('SIGKILL');
    await eventually(() => gateway.status().state === 'down', { within: 2_000, hint: 'down' });
    assert.equal(gateway.current().get('orders')?.weights?.get('v1'), 2);
    await set(operator, 3);
    await sees(gateway, 3);
    assert.deepEqual(
      (await operator.history('orders', 10)).map(({ revision, to }) => [revision, to.v1]),
      [
        [3, '3'],
        [2, '2'],
        [1, '1'],
      ],
    );

    // Back as a replica: whoever hears of it late must not write there.
    await primary.restart({ wipe: true });
    await set(operator, 4);
    await sees(gateway, 4);
  });

  it('nobody there, or a name that none knows: said, and bounded', async t => {
    const { dead } = await freePorts(['dead']);
    const away = open(t, `redis+sentinel://127.0.0.1:${dead}/main`);
    await away.follow(['orders']);
    assert.match(away.status().detail ?? '', /ECONNREFUSED|closed/i);
    const lone = await startRedis({ persist: false });
    t.after(() => lone.stop());
    const sentinel = await startSentinel(lone.port);
    t.after(() => sentinel.stop());
    const lost = open(t, `redis+sentinel://127.0.0.1:${sentinel.port}/mani`);
    await lost.follow(['orders']);
    assert.match(lost.status().detail ?? '', /knows no mani/);
  });
});

describe('a Redis Cluster', () => {
  it('of three: from any node the right one is found, and the next one when it dies', async t => {
    const rights = [...documentedRights('gateways'), ...documentedRights('on a cluster besides')];
    const ours = rights.map(right => right.replace('sluice:', TAGGED));
    const cluster = await startCluster(slotOf(TAGGED), ['--user', 'gateway', 'on', '>s3cret', ...ours]);
    t.after(() => cluster.stop());
    const other = cluster.primaries.find(node => node !== cluster.owner);
    const url = `redis+cluster://gateway:s3cret@127.0.0.1:${other?.port}`;
    const { gateway, operator } = await works(t, url, { prefix: TAGGED });
    await ask(cluster.owner.port, 'WAIT', '1', '1000');

    await cluster.owner.kill('SIGKILL');
    await set(operator, 3);
    await sees(gateway, 3);
    assert.equal((await operator.history('orders', 1))[0]?.revision, 3);

    // By hand, at any node.
    const key = `${TAGGED}weights:orders`;
    await ask(cluster.replica.port, 'HSET', key, 'v1', '5');
    await ask(Number(other?.port), 'PUBLISH', `${TAGGED}weights`, 'orders');
    await sees(gateway, 5);

    const mistaken = open(t, `redis://127.0.0.1:${other?.port}`, { prefix: TAGGED });
    await mistaken.follow(['orders']);
    assert.match(mistaken.status().detail ?? '', /MOVED.*write redis\+cluster:\/\//);
  });

  it('keys without a hash tag are refused, with what to write', () => {
    assert.throws(
      () => openRedisStore({ url: 'redis+cluster://127.0.0.1', log: silentLog }),
      (error: unknown) => error instanceof ConfigError && /--redis-prefix "\{sluice\}:"/.test(error.message),
    );
  });
});
