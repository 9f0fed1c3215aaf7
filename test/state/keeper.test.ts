import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import { decodeState } from '../../src/state/format.ts';
import { BEAT_MS, createKeeper, type Keeper, SPACING_MS } from '../../src/state/keeper.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { instance } from '../core/build.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { eventually } from '../support/wait.ts';
import { ORIGIN, snapshotOf } from './build.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-keeper-'));
after(() => rmSync(root, { recursive: true }));

const named = (name: string): Snapshot => snapshotOf([instance({ service: name })]);

/** A keeper on a real file, by a clock that the test turns. */
const keeping = (name: string) => {
  const clock = new FakeClock(1_000_000);
  const lines: string[] = [];
  const say =
    (level: string) =>
    (_fields: unknown, message?: string): void =>
      void lines.push(`${level} ${message}`);
  const log: Log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
  const folder = join(root, name);
  const file = join(folder, 'state');
  let live = true;
  const keeper = createKeeper({
    ...{ file, origin: ORIGIN, at: undefined, isLive: () => live, log, timers: clock },
    chance: () => 1,
  });
  const onDisk = (): string => [...decodeState(readFileSync(file)).catalog.keys()].join();
  const mtime = (): number => Math.round(statSync(file).mtimeMs);
  return { clock, lines, folder, file, keeper, onDisk, mtime, setLive: (is: boolean) => (live = is) };
};

const settled = (keeper: Keeper, tries: number): Promise<true> =>
  eventually(
    () => {
      const { written, failed } = keeper.status();
      return written + failed === tries || undefined;
    },
    { within: 5_000, hint: () => `${tries} tries: ${JSON.stringify(keeper.status())}` },
  );

describe('what is saved', () => {
  it('is on disk at once; of what comes meanwhile the newest follows a second later', async () => {
    const { keeper, clock, onDisk } = keeping('spacing');
    keeper.save(named('a'));
    for (const name of ['b', 'c', 'd']) keeper.save(named(name));
    await settled(keeper, 1);
    await eventually(() => clock.waiting().includes(SPACING_MS), { within: 1_000, hint: 'a rest' });
    keeper.save(named('e'));
    await clock.turn(SPACING_MS);
    await settled(keeper, 2);
    assert.equal(onDisk(), 'e');
    await keeper.close();
  });

  it('is on disk when the process ends, whatever it waited for', async () => {
    const { keeper, onDisk, clock } = keeping('closing');
    keeper.save(named('a'));
    await settled(keeper, 1);
    keeper.save(named('b'));
    await keeper.close();
    assert.equal(onDisk(), 'b');
    assert.equal(clock.pending, 0);
  });
});

describe('how old it is', () => {
  it('is told by the time of the file: it goes on while Consul and the weights are there', async () => {
    const { keeper, clock, mtime, setLive } = keeping('age');
    keeper.save(named('a'));
    await settled(keeper, 1);
    assert.equal(mtime(), 1_000_000);
    await clock.turn(BEAT_MS);
    await eventually(() => mtime() === 1_010_000, { within: 2_000, hint: 'the beat' });
    setLive(false);
    await clock.turn(3 * BEAT_MS);
    keeper.save(named('b'));
    await settled(keeper, 2);
    assert.equal(mtime(), 1_010_000);
    await keeper.close();
    assert.equal(mtime(), 1_010_000);
    assert.equal(keeper.status().at, 1_010_000);
  });
});

describe('a folder that can not be written', () => {
  it('is said once, tried again later and later, and forgotten when it works again', async () => {
    const { keeper, clock, folder, lines, onDisk } = keeping('outage');
    writeFileSync(folder, 'not a folder');
    keeper.save(named('a'));
    await settled(keeper, 1);
    for (const [i, ms] of [1_000, 2_000, 4_000].entries()) {
      await eventually(() => clock.waiting().includes(ms), { within: 1_000, hint: `a rest of ${ms} ms` });
      await clock.turn(ms);
      await settled(keeper, i + 2);
    }
    assert.match(keeper.status().problem ?? '', /--state-dir must name a folder/);
    assert.equal(lines.filter(line => line.startsWith('warn')).length, 1);
    keeper.save(named('b'));
    rmSync(folder);
    await eventually(() => clock.waiting().includes(8_000), { within: 1_000, hint: 'a rest' });
    await clock.turn(8_000);
    await settled(keeper, 5);
    assert.equal(onDisk(), 'b');
    assert.equal(keeper.status().problem, undefined);
    assert.deepEqual(lines.at(-1), 'info the state is written again');
    await keeper.close();
  });

  it('or one that is removed is made again', async () => {
    const { keeper, clock, folder, onDisk } = keeping('removed');
    keeper.save(named('a'));
    await settled(keeper, 1);
    rmSync(folder, { recursive: true });
    await clock.turn(BEAT_MS);
    await settled(keeper, 2);
    await eventually(() => clock.waiting().includes(1_000), { within: 1_000, hint: 'a rest' });
    await clock.turn(1_000);
    await settled(keeper, 3);
    assert.equal(onDisk(), 'a');
    assert.deepEqual(readdirSync(folder), ['state']);
    await keeper.close();
  });
});
