import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../../src/core/model/weights.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { openMemoryStore } from '../../src/weights/memory-store.ts';

const ann: Change = { actor: 'ann', source: 'cli' };

test('a timer that rings before the clock says so reverts nothing yet', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const store = openMemoryStore({ log: silentLog, now: () => now });
  await store.set('orders', new Map([['v2', 1]]), { ...ann, forMs: 1_000 });

  now = 999;
  t.mock.timers.tick(1_000);
  assert.equal((await store.get('orders'))?.revision, 1);

  now = 1_000;
  t.mock.timers.tick(1);
  assert.equal((await store.get('orders'))?.revision, 2);
  assert.equal((await store.history('orders', 1))[0]?.at, 1_000);
  await store.close();
});

test('what is set for a time reverts so long after its entry, however often the clock is asked', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const store = openMemoryStore({
    log: silentLog,
    now: () => {
      now += 1;
      return now;
    },
  });
  const { at, reverts } = await store.set('orders', new Map([['v2', 1]]), { ...ann, forMs: 1_000 });
  assert.equal(reverts?.at, at + 1_000);
  await store.close();
});
