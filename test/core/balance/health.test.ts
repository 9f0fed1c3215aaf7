import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { pickTarget } from '../../../src/core/balance/balance.ts';
import type { Fleet } from '../../../src/core/balance/fleet.ts';
import type { Target } from '../../../src/core/model/rule.ts';
import { Tries } from '../../../src/core/retry/retry.ts';
import { attempt, fleetOf, seeded, targetsOf } from './fleet-build.ts';

const fail = (fleet: Fleet, at: Target, times: number, from: number): void => {
  for (let i = 0; i < times; i++) attempt(fleet, at, { from, status: 502 });
};

/** Who is picked at all, of many picks at one moment. */
const inUse = (fleet: Fleet, targets: readonly Target[], now: number): string => {
  const chance = seeded(3);
  const ids = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const picked = pickTarget(fleet, targets, { balance: 'least-request' }, now, chance);
    ids.add(picked?.instance.serviceId ?? '');
  }
  return [...ids].sort().join('');
};

/** A version whose instances have all served, so that each knows of the others. */
const served = (count: number) => {
  const made = fleetOf();
  const targets = targetsOf(...new Array<number>(count).fill(1));
  for (const t of targets) attempt(made.fleet, t, { from: 0 });
  const [a, b, c] = targets as [Target, Target, Target];
  return { ...made, targets, a, b, c };
};

describe('ejection', () => {
  it('by five failures in a row, not by four and a success between', () => {
    const { fleet, events, targets, a } = served(3);
    fail(fleet, a, 4, 10);
    attempt(fleet, a, { from: 10 });
    fail(fleet, a, 4, 10);
    assert.equal(inUse(fleet, targets, 20), 'abc');
    fail(fleet, a, 1, 20);
    assert.equal(inUse(fleet, targets, 21), 'bc');
    assert.deepEqual(events, [
      {
        instance: a.instance.id,
        service: 'orders',
        version: 'v1',
        reason: 'consecutive_failures',
        milliseconds: 5_000,
      },
    ]);
  });

  it('lets exactly one request try when its time is up, until one went well', () => {
    const { fleet, events, targets, a } = served(3);
    fail(fleet, a, 5, 10);
    assert.equal(inUse(fleet, targets, 5_000), 'bc');
    assert.equal(inUse(fleet, targets, 5_020), 'abc');
    const trial = new Tries(fleet, { candidates: targets });
    trial.begin(a, 5_020);
    assert.equal(inUse(fleet, targets, 5_021), 'bc');
    trial.abandoned(5_030);
    assert.equal(inUse(fleet, targets, 5_031), 'abc', 'nothing is known after a caller that left');
    attempt(fleet, a, { from: 5_032, to: 5_033 });
    assert.equal(inUse(fleet, targets, 5_034), 'abc');
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ['consecutive_failures', undefined],
    );
  });

  it('lasts longer each time, and is forgiven when it was well for long', () => {
    const { fleet, events, a } = served(2);
    let now = 10;
    fail(fleet, a, 5, now);
    for (let i = 0; i < 2; i++) {
      now += 60_000;
      fail(fleet, a, 1, now);
    }
    now += 60_000;
    attempt(fleet, a, { from: now });
    now += 10 * 60_000;
    fail(fleet, a, 5, now);
    assert.deepEqual(
      events.map(({ reason, milliseconds }) => [reason, milliseconds]),
      [
        ['consecutive_failures', 5_000],
        ['failed_trial', 10_000],
        ['failed_trial', 15_000],
        [undefined, undefined],
        ['consecutive_failures', 5_000],
      ],
    );
  });

  it('is never longer than five minutes', () => {
    const { fleet, events, a } = served(2);
    let now = 10;
    fail(fleet, a, 5, now);
    for (let i = 0; i < 80; i++) {
      now += 300_001;
      fail(fleet, a, 1, now);
    }
    assert.equal(events.at(-1)?.milliseconds, 300_000);
  });

  it('does not judge by what began before it', () => {
    const { fleet, events, targets, a } = served(3);
    const old = new Tries(fleet, { candidates: targets });
    old.begin(a, 5);
    const late = new Tries(fleet, { candidates: targets });
    late.begin(a, 6);
    fail(fleet, a, 5, 10);
    old.failed('upstream_timeout', false, 20);
    late.responded(200, 6_000);
    late.completed();
    assert.equal(events.length, 1);
    assert.equal(inUse(fleet, targets, 4_000), 'bc');
  });

  it('by more failures than the others have, though no five come in a row', () => {
    const { fleet, events, targets, a } = served(3);
    for (let i = 0; i < 60; i++) {
      for (const t of targets) attempt(fleet, t, { from: i * 10, status: t === a && i % 2 > 0 ? 500 : 200 });
    }
    assert.deepEqual(
      events.map(({ instance, reason }) => [instance, reason]),
      [[a.instance.id, 'success_rate']],
    );
  });

  it('not by failures that all of them have: the instance is not the cause', () => {
    const { fleet, events, targets } = served(3);
    const chance = seeded(11);
    for (let i = 0; i < 2_000; i++) {
      for (const t of targets) attempt(fleet, t, { from: i * 10, status: chance() < 0.2 ? 500 : 200 });
    }
    assert.deepEqual(events, []);
  });

  it('not of one that is alone', () => {
    const { fleet, events, targets, a } = served(1);
    fail(fleet, a, 50, 10);
    assert.deepEqual(events, []);
    assert.equal(inUse(fleet, targets, 20), 'a');
  });

  it('of more than half: all are used', () => {
    const { fleet, targets, a, b, c } = served(4);
    fail(fleet, a, 5, 10);
    fail(fleet, b, 5, 10);
    assert.equal(inUse(fleet, targets, 20), 'cd');
    fail(fleet, c, 5, 20);
    assert.equal(inUse(fleet, targets, 30), 'abcd');
  });

  it('off ejects for no reason at all', () => {
    const { fleet, events } = fleetOf({ health: { failures: Number.POSITIVE_INFINITY, time: 5_000 } });
    const targets = targetsOf(1, 1, 1);
    for (let i = 0; i < 100; i++) {
      for (const t of targets) attempt(fleet, t, { from: i, status: t === targets[0] ? 500 : 200 });
    }
    assert.deepEqual(events, []);
  });

  it('is forgotten with the instance, and its last requests change nothing any more', () => {
    const { fleet, targets, a, b, c } = served(3);
    const last = new Tries(fleet, { candidates: targets });
    last.begin(a, 5);
    fail(fleet, a, 5, 10);
    fleet.retain(new Set([b.instance.id, c.instance.id]));
    last.failed('upstream_reset', false, 20);
    assert.deepEqual(
      [...fleet.states()].map(({ id }) => id),
      [b.instance.id, c.instance.id],
    );
    assert.equal(inUse(fleet, [a, b, c], 30), 'abc');
    assert.equal(fleet.pending(a.instance.id), 0);
  });

  it('whatever happens: at least half are in use, or all', () => {
    const step = fc.record({
      at: fc.nat({ max: 4 }),
      status: fc.constantFrom(200, 404, 500, 502, 503),
      pause: fc.constantFrom(0, 1, 500, 6_000),
      retryAfter: fc.option(fc.constantFrom(1_000, 60_000), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(step, { minLength: 20, maxLength: 120 }),
        (count, steps) => {
          const { fleet, targets } = served(count);
          let now = 10;
          for (const { at, status, pause, retryAfter } of steps) {
            const to = targets[at % count] as Target;
            const rests = status === 503 && retryAfter !== undefined;
            attempt(fleet, to, { from: now, to: now, status, ...(rests ? { retryAfter } : {}) });
            now += pause;
            const used = inUse(fleet, targets, now).length;
            assert.ok(used >= count / 2, `${used} of ${count}`);
            for (const { pending } of fleet.states()) assert.equal(pending, 0);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('Retry-After', () => {
  it('gives an instance rest, and is no failure', () => {
    const { fleet, events, targets, a } = served(3);
    for (let i = 0; i < 9; i++) attempt(fleet, a, { from: 9, to: 10, status: 503, retryAfter: 2_000 });
    assert.equal(inUse(fleet, targets, 2_000), 'bc');
    assert.equal(inUse(fleet, targets, 2_010), 'abc');
    assert.deepEqual(events, []);
  });

  it('is believed for half a minute at most', () => {
    const { fleet, targets, a } = served(3);
    attempt(fleet, a, { from: 9, to: 10, status: 503, retryAfter: 3_600_000 });
    assert.equal(inUse(fleet, targets, 30_000), 'bc');
    assert.equal(inUse(fleet, targets, 30_010), 'abc');
  });

  it('of most of them holds for none', () => {
    const { fleet, targets, a, b } = served(3);
    for (const t of [a, b]) attempt(fleet, t, { from: 9, to: 10, status: 503, retryAfter: 2_000 });
    assert.equal(inUse(fleet, targets, 20), 'abc');
  });
});
