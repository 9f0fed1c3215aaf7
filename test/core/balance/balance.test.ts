import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { pickTarget } from '../../../src/core/balance/balance.ts';
import type { Fleet } from '../../../src/core/balance/fleet.ts';
import { hash32 } from '../../../src/core/hash.ts';
import type { Target } from '../../../src/core/model/rule.ts';
import type { BalanceName } from '../../../src/core/model/traffic.ts';
import { Tries } from '../../../src/core/retry/retry.ts';
import { attempt, fleetOf, seeded, target, targetsOf } from './fleet-build.ts';

const pick = (
  fleet: Fleet,
  targets: readonly Target[],
  {
    balance = 'peak-ewma',
    key,
    now = 0,
    chance = () => 0.5,
  }: {
    balance?: BalanceName;
    key?: number;
    now?: number;
    chance?: () => number;
  },
): Target => {
  const picked = pickTarget(fleet, targets, { balance, key }, now, chance);
  assert.ok(picked !== undefined);
  return picked;
};

/** How often each was picked, in the order of the targets. */
const tally = (targets: readonly Target[], picked: readonly Target[]): number[] =>
  targets.map(t => picked.filter(p => p === t).length);

const rolls =
  (...values: number[]) =>
  () =>
    values.shift() ?? assert.fail('more draws than promised');

describe('pickTarget', () => {
  it('has none of none', () => {
    assert.equal(pickTarget(fleetOf().fleet, [], {}, 0, Math.random), undefined);
  });

  it('takes the one that has less under way', () => {
    const { fleet } = fleetOf();
    const [a, b] = targetsOf(1, 1) as [Target, Target];
    const busy = new Tries(fleet, { candidates: [a, b] });
    busy.begin(a, 0);
    assert.equal(pick(fleet, [a, b], { balance: 'least-request', chance: rolls(0, 0) }), b);
    busy.abandoned(0);
    assert.equal(pick(fleet, [a, b], { balance: 'least-request', chance: rolls(0, 0) }), a);
  });

  it('takes turns by weight, the heavy one not all at once', () => {
    const { fleet } = fleetOf();
    const targets = targetsOf(5, 1, 1);
    const order = Array.from({ length: 7 }, () => pick(fleet, targets, { balance: 'round-robin' }));
    assert.equal(order.map(t => t.instance.serviceId).join(''), 'aabacaa');
  });

  it('without anything to hash by, goes by latency', () => {
    const { fleet } = fleetOf();
    const [a, b] = targetsOf(1, 1) as [Target, Target];
    attempt(fleet, a, { from: 0, to: 100 });
    attempt(fleet, b, { from: 0, to: 1 });
    assert.equal(pick(fleet, [a, b], { balance: 'hash', now: 100, chance: rolls(0, 0) }), b);
  });

  for (const balance of ['peak-ewma', 'least-request', 'round-robin', 'hash'] as const) {
    it(`${balance}: each instance has its weight's share of a light load`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 2, maxLength: 6 }),
          fc.integer({ min: 1 }),
          (weights, seed) => {
            const { fleet } = fleetOf();
            const targets = targetsOf(...weights);
            const chance = seeded(seed);
            const total = weights.reduce((sum, w) => sum + w, 0);
            const count = 4_000;
            const picked: Target[] = [];
            for (let i = 0; i < count; i++) {
              const key = hash32(`${seed}/${i}`);
              const to = pick(fleet, targets, { balance, key, now: i * 2, chance });
              picked.push(to);
              attempt(fleet, to, { from: i * 2 });
            }
            for (const [i, n] of tally(targets, picked).entries()) {
              const share = (weights[i] as number) / total;
              assert.ok(Math.abs(n / count - share) < 0.06, `${weights}: ${i} has ${n} of ${count}`);
            }
          },
        ),
        { numRuns: 25 },
      );
    });
  }
});

describe('latency', () => {
  it('an instance that nobody has measured gets one request, and no second before its answer', () => {
    const { fleet } = fleetOf();
    const [a, b] = targetsOf(1, 1) as [Target, Target];
    attempt(fleet, a, { from: 0, to: 5 });
    assert.equal(pick(fleet, [a, b], { now: 5 }), b);
    const first = new Tries(fleet, { candidates: [b] });
    first.begin(b, 5);
    for (const roll of [0, 0.9]) {
      assert.equal(pick(fleet, [a, b], { now: 6, chance: rolls(roll, 0) }), a);
    }
    first.responded(200, 7);
    first.completed();
    assert.equal(pick(fleet, [a, b], { now: 8, chance: rolls(0, 0) }), b);
  });

  it('a fast failure is no fast answer', () => {
    const { fleet } = fleetOf();
    const [a, b] = targetsOf(1, 1) as [Target, Target];
    for (const t of [a, b]) attempt(fleet, t, { from: 0, to: 10 });
    const tries = new Tries(fleet, { candidates: [a, b] });
    tries.begin(a, 11);
    tries.failed('connect_failed', false, 11.1);
    assert.equal(pick(fleet, [a, b], { now: 12, chance: rolls(0, 0) }), b);
  });

  it('a stream that lasts counts as under way, and not as slow', () => {
    const { fleet } = fleetOf();
    const [a, b] = targetsOf(1, 1) as [Target, Target];
    for (const t of [a, b]) attempt(fleet, t, { from: 0, to: 10 });
    const stream = new Tries(fleet, { candidates: [a, b] });
    stream.begin(a, 20);
    stream.responded(200, 25);
    assert.equal(fleet.pending(a.instance.id), 1);
    assert.equal(pick(fleet, [a, b], { now: 30, chance: rolls(0, 0) }), b);
    stream.completed();
    assert.equal(fleet.pending(a.instance.id), 0);
    assert.equal(pick(fleet, [a, b], { now: 600_000, chance: rolls(0, 0) }), a);
  });

  it('load moves away from an instance that turns slow, and comes back when it is well', () => {
    const { fleet } = fleetOf();
    const targets = targetsOf(1, 1, 1);
    const shareOfA = simulate(fleet, targets, seeded(7), second => (second >= 20 && second < 60 ? 400 : 10));
    const during = shareOfA(21, 60);
    assert.ok(during < 0.05, `${during} while slow`);
    const before = shareOfA(0, 20);
    assert.ok(before > 0.28 && before < 0.39, `${before} before`);
    const after = shareOfA(120, 180);
    assert.ok(after > 0.25, `${after} after`);
  });
});

/**
 * Three minutes of 200 requests a second, with answers after 10 ms or what the first instance takes.
 *
 * @returns the first one's share of the requests between two seconds
 */
const simulate = (
  fleet: Fleet,
  targets: readonly Target[],
  chance: () => number,
  latencyOfFirst: (second: number) => number,
): ((from: number, to: number) => number) => {
  const under: { tries: Tries; at: number }[] = [];
  const picks: { second: number; isFirst: boolean }[] = [];
  for (let now = 0; now < 180_000; now += 5) {
    for (const done of under.filter(({ at }) => at <= now)) {
      done.tries.responded(200, done.at);
      done.tries.completed();
      under.splice(under.indexOf(done), 1);
    }
    const to = pick(fleet, targets, { now, chance });
    const tries = new Tries(fleet, { candidates: targets });
    tries.begin(to, now);
    const second = now / 1_000;
    const isFirst = to === targets[0];
    under.push({ tries, at: now + (isFirst ? latencyOfFirst(second) : 10) });
    picks.push({ second, isFirst });
  }
  return (from, to) => {
    const within = picks.filter(({ second }) => second >= from && second < to);
    return within.filter(({ isFirst }) => isFirst).length / within.length;
  };
};

describe('hash', () => {
  const keys = Array.from({ length: 500 }, (_, i) => hash32(`user-${i}`));
  const ownersIn = (fleet: Fleet, targets: readonly Target[], now = 0): Target[] =>
    keys.map(key => pick(fleet, targets, { balance: 'hash', key, now }));

  it('moves the callers of an instance that leaves, and nobody else', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 8 }),
        fc.nat(),
        (weights, seed) => {
          const { fleet } = fleetOf();
          const targets = targetsOf(...weights);
          const leaver = targets[seed % targets.length];
          const before = ownersIn(fleet, targets);
          const after = ownersIn(
            fleet,
            targets.filter(t => t !== leaver),
          );
          for (const [i, owner] of before.entries()) if (owner !== leaver) assert.equal(after[i], owner);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('moves the callers of an ejected instance, and gives them back', () => {
    const { fleet, events } = fleetOf();
    const targets = targetsOf(1, 1, 1, 1);
    const [a] = targets as [Target];
    const before = ownersIn(fleet, targets);
    for (let i = 0; i < 5; i++) attempt(fleet, a, { from: i, status: 503 });
    assert.equal(events.length, 1);
    const meanwhile = ownersIn(fleet, targets, 100);
    for (const [i, owner] of meanwhile.entries()) {
      assert.notEqual(owner, a);
      if (before[i] !== a) assert.equal(owner, before[i]);
    }
    attempt(fleet, a, { from: 10_000 });
    assert.deepEqual(ownersIn(fleet, targets, 10_001), before);
  });
});

describe('slow start', () => {
  const SLOW = { slowStart: 10_000 };
  const shareOf = (fleet: Fleet, targets: readonly Target[], one: Target, now: number): number => {
    const chance = seeded(5);
    const picked = Array.from({ length: 4_000 }, () =>
      pick(fleet, targets, { balance: 'least-request', now, chance }),
    );
    return picked.filter(t => t === one).length / picked.length;
  };

  it('gives a newcomer among others a share that grows', () => {
    const { fleet } = fleetOf(SLOW);
    const old = targetsOf(1, 1);
    const newcomer = target('new');
    pick(fleet, old, {});
    const all = [...old, newcomer];
    pick(fleet, all, { now: 1_000 });
    assert.ok(shareOf(fleet, all, newcomer, 1_000) < 0.08);
    const halfway = shareOf(fleet, all, newcomer, 6_000);
    assert.ok(halfway > 0.15 && halfway < 0.25, `${halfway}`);
    const whole = shareOf(fleet, all, newcomer, 11_000);
    assert.ok(whole > 0.3 && whole < 0.37, `${whole}`);
  });

  it('is not for all at once: there would be nobody to take their share', () => {
    const { fleet } = fleetOf(SLOW);
    const targets = targetsOf(1, 1, 1);
    const share = shareOf(fleet, targets, targets[0] as Target, 0);
    assert.ok(share > 0.3 && share < 0.37, `${share}`);
  });
});
