import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { watchCatalog } from '../../src/consul/catalog.ts';
import { createConsulClient } from '../../src/consul/client.ts';
import { createRecovery, LOOK_MS } from '../../src/consul/recovery.ts';
import { createTokenFile } from '../../src/consul/token-file.ts';
import type { Catalog } from '../../src/core/model/instance.ts';
import { watchKeys } from '../../src/documents/watch-keys.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { startGuardedConsul } from '../support/acl.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { eventually } from '../support/wait.ts';

/** Two who wait, for a second and for three. */
const waiters = (token?: () => string | undefined) => {
  const clock = new FakeClock();
  const recovery = createRecovery(token);
  const leave = new AbortController();
  const ended: number[] = [];
  for (const ms of [1_000, 3_000])
    void recovery.wait(clock, ms, leave.signal).then(() => ended.push(clock.now()));
  return { clock, recovery, leave, ended };
};

describe('whom Consul failed', () => {
  it('waits as long as asked while nothing is heard, and leaves no timer', async () => {
    for (const token of [undefined, () => 'the same']) {
      const { clock, ended } = waiters(token);
      await clock.turn(3_000);
      assert.deepEqual(ended, [1_000, 3_000]);
      assert.equal(clock.pending, 0);
    }
  });

  it('tries again at once when another is answered', async () => {
    const { clock, recovery, ended } = waiters();
    await clock.turn(400);
    recovery.answered();
    await clock.turn(0);
    assert.deepEqual(ended, [400, 400]);
    assert.equal(clock.pending, 0);
  });

  it('tries again as soon as there is another token', async () => {
    let token = 'old';
    const { clock, ended } = waiters(() => token);
    await clock.turn(LOOK_MS + 1);
    token = 'new';
    await clock.turn(LOOK_MS);
    assert.deepEqual(ended, [2 * LOOK_MS, 2 * LOOK_MS]);
  });

  it('finds a token that was replaced while its last try was under way', async () => {
    let token = 'old';
    const clock = new FakeClock();
    const recovery = createRecovery(() => token);
    token = 'new';
    let ended: number | undefined;
    void recovery.wait(clock, 3_000, new AbortController().signal).then(() => {
      ended = clock.now();
    });
    await clock.turn(LOOK_MS);
    assert.equal(ended, LOOK_MS);
  });

  it('waits no longer once it is called off', async () => {
    const { clock, recovery, leave, ended } = waiters(() => 'token');
    leave.abort();
    await clock.turn(0);
    assert.deepEqual(ended, [0, 0]);
    await recovery.wait(clock, 1_000, leave.signal);
    assert.equal(clock.pending, 0);
  });
});

describe('a token that is replaced, in a Consul that denies by default', () => {
  it('is followed by everything within a second, however long the old one was refused', async t => {
    const consul = await startGuardedConsul();
    t.after(() => consul.stop());
    const folder = mkdtempSync(join(tmpdir(), 'sluice-recovery-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'token');
    const put = (secret: string): void => {
      writeFileSync(`${file}.new`, secret);
      renameSync(`${file}.new`, file);
    };
    const rules =
      'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" } key_prefix "" { policy = "read" }';
    const first = await consul.token(rules);
    put(first.secret);

    // Its back-off is over only when this clock says so.
    const clock = new FakeClock();
    const client = createConsulClient({
      address: consul.address,
      token: createTokenFile(file, () => clock.now()),
    });
    const common = { client, log: silentLog, timers: clock, chance: () => 1, holdMs: 60_000 };
    let catalog: Catalog | undefined;
    let texts: readonly unknown[] = [];
    const watch = watchCatalog({
      ...common,
      onCatalog: told => {
        catalog = told;
      },
    });
    const keys = watchKeys({
      ...common,
      prefix: 'routes/',
      last: undefined,
      onTexts: told => {
        texts = told;
      },
    });
    t.after(() => {
      watch.stop();
      keys.stop();
      client.close();
    });
    /** Turns the clock by a millisecond a look. @returns how many it took */
    const turning = async (hint: string, check: () => boolean, ms = 1): Promise<number> => {
      const from = clock.now();
      await eventually(
        async () => {
          await clock.turn(ms);
          return check();
        },
        { within: 10_000, hint },
      );
      return clock.now() - from;
    };
    await turning('Consul is up', () => watch.status().state === 'up');

    await first.revoke();
    await consul.call('PUT', '/agent/service/register', { Name: 'late', Port: 81 });
    await consul.call('PUT', '/kv/routes/late', 'late');
    const before = client.requests();
    await turning('all are refused again and again', () => client.requests() > before + 30, 100);
    assert.equal(watch.status().state, 'down');
    assert.equal(catalog?.has('late'), false);

    put((await consul.token(rules)).secret);
    const took = await turning(
      'all follow',
      () => watch.status().state === 'up' && catalog?.has('late') === true && texts.length === 1,
    );
    assert.ok(took < 1_000, `it took ${took} ms`);
  });
});
