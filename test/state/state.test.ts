import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { openState, type State } from '../../src/state/state.ts';
import { type Log, silentLog } from '../../src/telemetry/log.ts';
import { instance } from '../core/build.ts';
import { ORIGIN, snapshotOf } from './build.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-open-'));
after(() => rmSync(root, { recursive: true }));

const orders = instance({ service: 'orders', tags: ['path=/orders'] });
const kept = snapshotOf([orders], { orders: { revision: 3, weights: new Map([['v1', 1]]) } });

const open = (folder: string, origin = ORIGIN, log: Log = silentLog): Promise<State> =>
  openState({ folder, origin, isLive: () => true, log });

/** A folder with the state of a process that has ended. */
const folderWith = async (name: string): Promise<string> => {
  const folder = join(root, name);
  const state = await open(folder);
  state.save(kept);
  await state.close();
  return folder;
};

const warnings = () => {
  const said: unknown[] = [];
  const warn = (fields: unknown, message?: string): void => void said.push({ ...Object(fields), message });
  return { said, log: { ...silentLog, warn } };
};

it('what one process has kept, the next one finds', async () => {
  const folder = await folderWith('found');
  const before = Date.now();
  const { last } = await open(folder);
  assert.deepEqual(last?.catalog, new Map([['orders', [orders]]]));
  assert.deepEqual(last?.weights.get('orders'), { revision: 3, weights: new Map([['v1', 1]]) });
  assert.deepEqual(last?.owners, new Map([['/orders/*', 'orders']]));
  assert.ok(last !== undefined && before - last.at < 10_000 && last.at <= Date.now());
});

it('a state from the future, by a clock that was set back, is of now', async () => {
  const folder = await folderWith('future');
  const [name = ''] = readdirSync(folder);
  const later = Date.now() / 1_000 + 3_600;
  utimesSync(join(folder, name), later, later);
  const { last } = await open(folder);
  assert.ok(last !== undefined && last.at <= Date.now());
});

it('a file that can not be used is moved aside and said; the start goes on without', async () => {
  const folder = await folderWith('bad');
  const [name = ''] = readdirSync(folder);
  writeFileSync(join(folder, name), 'garbage');
  const { said, log } = warnings();
  const state = await open(folder, ORIGIN, log);
  assert.equal(state.last, undefined);
  assert.match(JSON.stringify(said), /no state of Sluice.*\.bad.*not used/);
  assert.deepEqual(readdirSync(folder), [`${name}.bad`]);
  state.save(kept);
  await state.close();
  assert.notEqual((await open(folder)).last, undefined);
});

it('one that can not be read stays where it is', async () => {
  const folder = join(root, 'unreadable');
  mkdirSync(join(folder, 'last-known-good.jsonl'), { recursive: true });
  const { said, log } = warnings();
  assert.equal((await open(folder, ORIGIN, log)).last, undefined);
  assert.match(JSON.stringify(said), /EISDIR.*not used/);
  assert.deepEqual(readdirSync(folder), ['last-known-good.jsonl']);
});

it('the state of another Consul or Redis is not taken over', async () => {
  const folder = await folderWith('foreign');
  const { said, log } = warnings();
  assert.equal((await open(folder, 'consul.other:8500 memory', log)).last, undefined);
  assert.match(JSON.stringify(said), /of another Consul or Redis/);
  assert.notEqual((await open(folder)).last, undefined, 'it is not spoilt either');
});

it('"off" keeps nothing', async () => {
  const state = await open('off');
  state.save(kept);
  await state.close();
  assert.equal(state.status(), undefined);
  assert.ok(!existsSync('off'));
});
