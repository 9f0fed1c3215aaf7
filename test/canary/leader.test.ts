import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Board } from '../../src/canary/board.ts';
import { commandRollout, startRollout } from '../../src/canary/commands.ts';
import { startController } from '../../src/canary/controller.ts';
import { createLeader } from '../../src/canary/leader.ts';
import { openMemoryBoard } from '../../src/canary/memory-board.ts';
import type { Rollout } from '../../src/canary/rollout.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type Counted, type CountedVersions, VersionSamples } from '../../src/telemetry/version-samples.ts';
import { openMemoryStore } from '../../src/weights/memory-store.ts';
import type { WeightStore } from '../../src/weights/store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { eventually } from '../support/wait.ts';
import { plan } from './build.ts';
import { hook } from './hook.ts';

const ann = { actor: 'ann', source: 'cli' } as const;
const by = { actor: 'ann' };

/** A gateway that is alone: its board, its weights, and what it counts. */
const stage = async (said: Record<string, string> = {}) => {
  const clock = new FakeClock(1_000_000);
  const board = openMemoryBoard(clock.now);
  const weights = openMemoryStore({ log: silentLog, now: clock.now });
  await weights.set('orders', new Map([['v1', 100]]), ann);
  const samples = new VersionSamples();
  let counted: CountedVersions = new Map();
  const leader = (using: WeightStore = weights, on: Board = board) =>
    createLeader({
      board: on,
      weights: using,
      log: silentLog,
      shares: () =>
        new Map([
          ['v1', 0.9],
          ['v2', 0.1],
        ]),
    });
  const { id } = await startRollout(board, 'orders', plan({ minRequests: '0', ...said }), by);
  const kept = async (): Promise<Rollout> => {
    const found = await board.read('orders');
    assert.ok(found);
    return found.rollout;
  };
  const look = async (using = leader(), after = 1_000): Promise<Rollout> => {
    clock.advance(after);
    await board.beat(new Map([...counted].filter(([key]) => key === id)));
    await using.attend('orders', clock.now(), 1);
    return kept();
  };
  const count = (version: string, read: Counted): void => {
    counted = new Map([[id, new Map([...(counted.get(id) ?? []), [version, read]])]]);
  };
  const ledger = async (): Promise<(string | undefined)[]> =>
    (await weights.history('orders', 100)).map(({ to }) => to.v2).reverse();
  return { clock, board, weights, samples, leader, look, kept, count, ledger, id };
};

describe('the leader of a rollout', () => {
  it('goes through the steps and says at each who it is and why', async () => {
    const { look, weights, ledger, id } = await stage();
    assert.equal((await look()).step, 0);
    await look(undefined, 3_000);
    const [last] = await weights.history('orders', 1);
    assert.deepEqual(
      [last?.actor, last?.source, last?.reason],
      [`canary ${id}`, 'canary', 'step 1 of 2: v2 at 10 %'],
    );
    assert.equal((await look(undefined, 60_000)).step, 1);
    await look(undefined, 3_000);
    assert.equal((await look(undefined, 60_000)).outcome, 'promoted');
    assert.deepEqual(await ledger(), [undefined, '10', '100']);
  });

  it('rolls back at a breach, within the step', async () => {
    const { look, count, ledger } = await stage({ minRequests: '500' });
    await look();
    count('v1', { requests: 900, errors: 1, latency: [899] });
    count('v2', { requests: 100, errors: 30, latency: [70] });
    assert.equal(
      (await look(undefined, 1_000)).phase,
      'watching',
      'figures of the time of the turn do not count',
    );
    count('v1', { requests: 1_800, errors: 1, latency: [1_799] });
    count('v2', { requests: 200, errors: 60, latency: [140] });
    const { outcome, why } = await look(undefined, 2_000);
    assert.equal(outcome, 'rolled back');
    assert.match(why ?? '', /errors 30 % \(30 of 100\)/);
    assert.deepEqual(await ledger(), [undefined, '10', '0']);
  });

  it('that died after the write is followed by one that does not write again', async () => {
    const { look, leader, weights, ledger } = await stage();
    const dying: WeightStore = Object.assign(Object.create(weights) as WeightStore, {
      get: (service: string) => weights.get(service),
      set: async (...change: Parameters<WeightStore['set']>) => {
        await weights.set(...change);
        throw new Error('it dies here');
      },
    });
    const { phase, step } = await look(leader(dying));
    assert.deepEqual([phase, step], ['turning', -1], 'nothing is known of the write');
    assert.equal((await look()).step, 0);
    assert.deepEqual(await ledger(), [undefined, '10']);
  });

  it('that died before the write is followed by one that writes', async () => {
    const { look, leader, weights, ledger } = await stage();
    const dying: WeightStore = Object.assign(Object.create(weights) as WeightStore, {
      get: (service: string) => weights.get(service),
      set: async () => {
        throw new Error('it dies here');
      },
    });
    assert.equal((await look(leader(dying))).phase, 'turning');
    assert.equal((await look()).step, 0);
    assert.deepEqual(await ledger(), [undefined, '10']);
  });

  it('gives way to whoever turns the dial, also between its look and its write', async () => {
    const { look, leader, weights, kept, ledger } = await stage();
    const raced: WeightStore = Object.assign(Object.create(weights) as WeightStore, {
      get: (service: string) => weights.get(service),
      set: async (...change: Parameters<WeightStore['set']>) => {
        await weights.set('orders', new Map([['v1', 1]]), { ...ann, actor: 'bob' });
        return weights.set(...change);
      },
    });
    await look(leader(raced));
    const { outcome, why } = await kept();
    assert.deepEqual([outcome, why], ['overtaken', 'bob changed the weights (revision 2); that stays']);
    assert.deepEqual(await ledger(), [undefined, undefined]);
  });

  it('waits for a freeze to end, in words, and then goes on', async () => {
    const { look, weights } = await stage();
    await look();
    await weights.freeze('orders', { ...ann, actor: 'bob', reason: 'sale' });
    await look(undefined, 3_000);
    assert.equal((await look(undefined, 60_000)).step, 0);
    await weights.unfreeze('orders', ann);
    assert.equal((await look()).step, 1);
  });

  it('tells the webhook of steps and of the end, be they before it led', async t => {
    const { url, heard } = await hook(t, [0], [204]);
    const { look, leader, board } = await stage({ after: url });
    assert.equal((await look()).step, 0);
    // It dies here: the webhook was called, and nobody heard its answer.
    await look();
    await eventually(() => heard.length === 1, { within: 2_000, hint: 'the webhook was called' });
    const next = leader();
    await commandRollout(board, 'orders', 'abort', by);
    assert.equal((await look(next)).outcome, 'aborted');
    assert.equal((await board.beat(new Map())).running.get('orders')?.isOver, true);
    await eventually(async () => (await look(next)).owed === undefined, {
      within: 2_000,
      hint: 'all is told',
    });
    assert.equal((await board.beat(new Map())).running.size, 0);
    assert.deepEqual(
      heard.map(({ headers, body }) => [headers['idempotency-key'], body.outcome]),
      [
        [`${heard[0]?.body.id}-after-1`, undefined],
        [`${heard[0]?.body.id}-after-1`, undefined],
        [`${heard[0]?.body.id}-after-end`, 'aborted'],
      ],
    );
  });

  it('keeps nothing when another leads by now', async () => {
    const { board, leader, look } = await stage();
    const fenced: Board = { ...board, keep: async () => 'fenced' };
    assert.equal((await look(leader(undefined, fenced))).phase, 'new');
  });
});

describe('commands', () => {
  it('pause and resume hold at once; abort is carried out at the next look', async () => {
    const { board, look, ledger } = await stage();
    await look();
    assert.equal((await commandRollout(board, 'orders', 'pause', by)).paused?.actor, 'ann');
    await look(undefined, 3_000);
    assert.equal((await look(undefined, 60_000)).step, 0);
    await assert.rejects(commandRollout(board, 'orders', 'pause', by), /paused already, by ann/);
    await commandRollout(board, 'orders', 'resume', by);
    await assert.rejects(commandRollout(board, 'orders', 'resume', by), /not paused/);
    await commandRollout(board, 'orders', 'abort', { ...by, reason: 'lunch' });
    const { outcome, why } = await look();
    assert.deepEqual([outcome, why], ['aborted', 'by ann: lunch']);
    assert.deepEqual(await ledger(), [undefined, '10', '0']);
    await assert.rejects(commandRollout(board, 'orders', 'pause', by), /no rollout of orders runs .*aborted/);
  });

  it('promote gives it all', async () => {
    const { board, look, ledger } = await stage();
    await look();
    await commandRollout(board, 'orders', 'promote', by);
    await assert.rejects(commandRollout(board, 'orders', 'promote', by), /ann asked for that already/);
    assert.equal((await look()).outcome, 'promoted');
    assert.deepEqual(await ledger(), [undefined, '10', '100']);
  });

  it('there is one rollout of a service at a time, and another after it', async () => {
    const { board, look } = await stage();
    await assert.rejects(startRollout(board, 'orders', plan(), by), /runs already \(started by ann\)/);
    await commandRollout(board, 'orders', 'abort', by);
    await look();
    assert.equal((await startRollout(board, 'orders', plan(), by)).phase, 'new');
  });
});

it('a gateway counts for what runs, looks every second, and gives up the lead as it ends', async () => {
  const { clock, board, weights, samples, kept } = await stage();
  let resigned = 0;
  let isReady = false;
  const controller = startController({
    board: {
      ...board,
      resign: async () => {
        resigned += 1;
      },
    },
    weights,
    traffic: { watch: watched => void samples.watch(watched), counted: () => samples.read() },
    shares: () =>
      new Map([
        ['v1', 0.9],
        ['v2', 0.1],
      ]),
    isReady: () => isReady,
    onCopies: () => assert.fail('nothing is copied'),
    log: silentLog,
    after: clock.after,
  });
  for (let i = 0; i < 20; i++) await clock.turn(100);
  assert.equal((await kept()).phase, 'new', 'who knows no catalog does not lead');
  assert.deepEqual([controller.leads(), controller.running()], [false, 1]);
  isReady = true;
  for (let i = 0; i < 20; i++) await clock.turn(100);
  assert.equal((await kept()).step, 0);
  assert.ok(samples.find('orders', 'v2'), 'its versions are counted');
  assert.equal(samples.find('other', 'v2'), undefined);
  await controller.close();
  assert.equal(resigned, 1);
  assert.equal(clock.pending, 0);
});
