import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { watchCatalog } from '../../src/consul/catalog.ts';
import { createConsulClient } from '../../src/consul/client.ts';
import { createHeldCatalog } from '../../src/consul/held-catalog.ts';
import type { Catalog } from '../../src/core/model/instance.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { startConsul } from '../support/servers.ts';
import { register } from '../support/service.ts';
import { eventually } from '../support/wait.ts';
import { catalogOf, instance, shown } from './build.ts';

const HOLD_MS = 60_000;
const DOUBTED = { trusts: () => false, settling: false };
const TRUSTED = { trusts: () => true, settling: false };

/** A held catalog that begins with what was known `ago` milliseconds before. */
const beginning = (last: Catalog, ago: number) => {
  const clock = new FakeClock(1_000_000);
  const told: string[][] = [];
  const held = createHeldCatalog({
    ...{ holdMs: HOLD_MS, timers: clock, last: { catalog: last, at: clock.wall() - ago } },
    onCatalog: catalog => told.push(shown(catalog)),
  });
  return { clock, told, held };
};

const a = instance('a');
const b = instance('b');

describe('what the first answer of Consul lacks', () => {
  it('is held as long as if the break had come when it was last known', () => {
    const { clock, told, held } = beginning(catalogOf(a, b), 10_000);
    held.update(catalogOf(a), DOUBTED);
    assert.deepEqual(told, [['a', 'b passing until 1050000']]);
    clock.advance(50_001);
    assert.deepEqual(told.at(-1), ['a']);
  });

  it('is gone at once where that is longer ago', () => {
    const { told, held } = beginning(catalogOf(a, b), 3_600_000);
    held.update(catalogOf(a), DOUBTED);
    assert.deepEqual(told, [['a']]);
  });

  it('is gone at once where the answer is trusted', () => {
    const { told, held } = beginning(catalogOf(a, b), 0);
    held.update(catalogOf(a), TRUSTED);
    assert.deepEqual(told, [['a']]);
  });

  it('is held in full where it served meanwhile, however old', () => {
    const { told, held } = beginning(catalogOf(a, b), 3_600_000);
    assert.equal(held.standIn(), true);
    held.update(catalogOf(a), DOUBTED);
    assert.deepEqual(told, [
      ['a', 'b'],
      ['a', 'b passing until 1060000'],
    ]);
  });
});

describe('what stands in', () => {
  it('is told once, and never after an answer', () => {
    const { told, held } = beginning(catalogOf(a), 0);
    assert.equal(held.current(), undefined);
    assert.deepEqual([held.standIn(), held.standIn()], [true, false]);
    assert.deepEqual(told, [['a']]);
    const other = beginning(catalogOf(a), 0);
    other.held.update(catalogOf(b), TRUSTED);
    assert.equal(other.held.standIn(), false);
    assert.deepEqual(other.told, [['b']]);
  });

  it('an instance that was held goes when its time is up', () => {
    const before = catalogOf(a, { ...b, heldUntil: 1_020_000 }, { ...instance('c'), heldUntil: 999_999 });
    const { clock, told, held } = beginning(before, 0);
    held.standIn();
    assert.deepEqual(told, [['a', 'b passing until 1020000']]);
    clock.advance(20_001);
    assert.deepEqual(told.at(-1), ['a']);
  });
});

describe('what somebody lets go of', () => {
  const other = instance('o', { service: 'users' });

  it('is gone at once, of one service or of all, and Consul is believed instead', () => {
    const { told, held } = beginning(catalogOf(a, b, other), 0);
    held.update(catalogOf(a), DOUBTED);
    const until = 'passing until 1060000';
    assert.deepEqual(told, [['a', `b ${until}`, `o ${until}`]]);
    assert.equal(held.release('users'), 1);
    assert.deepEqual(told.at(-1), ['a', `b ${until}`]);
    assert.deepEqual([held.release('users'), held.release()], [0, 1]);
    assert.deepEqual(told.at(-1), ['a']);
    assert.equal(told.length, 3);
  });

  it('is nothing where nothing was told yet', () => {
    const { told, held } = beginning(catalogOf({ ...a, heldUntil: 1_020_000 }), 0);
    assert.equal(held.release(), 0);
    assert.deepEqual(told, []);
  });
});

describe('a watch that begins with a last known catalog', () => {
  const follow = (address: string) => {
    const client = createConsulClient({ address });
    const told: Catalog[] = [];
    const watch = watchCatalog({
      ...{ client, log: silentLog, last: { catalog: catalogOf(a), at: Date.now() - 5_000 } },
      onCatalog: catalog => told.push(catalog),
    });
    const close = (): void => {
      watch.stop();
      client.close();
    };
    return { watch, told, close };
  };

  it('does not tell it where Consul is there, but holds what Consul lacks', async t => {
    const consul = await startConsul();
    t.after(() => consul.stop());
    await register(consul.address, { ID: 'u', Name: 'users', Port: 80 });
    const { watch, told, close } = follow(consul.address);
    t.after(close);
    await watch.ready;
    assert.equal(told.length, 1);
    assert.deepEqual([...(told[0]?.keys() ?? [])].sort(), ['consul', 'orders', 'users']);
    assert.ok(told[0]?.get('orders')?.[0]?.heldUntil !== undefined);
    assert.equal(watch.status().lastKnown, undefined);
  });

  it('tells it where Consul takes connections and never answers', async t => {
    const silent = createServer(() => {});
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const at = silent.address();
    const { watch, told, close } = follow(`127.0.0.1:${typeof at === 'object' ? at?.port : ''}`);
    t.after(() => {
      close();
      silent.close();
    });
    await eventually(() => told.length === 1, { within: 5_000, hint: 'the last known catalog' });
    assert.deepEqual(told[0], catalogOf(a));
    assert.equal(watch.status().state, 'down');
    assert.ok((watch.status().lastKnown ?? 0) < Date.now() - 4_000);
  });
});
