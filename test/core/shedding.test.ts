import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Shedding } from '../../src/core/shedding.ts';

const TARGET = 100;
const BEAT = 50;

interface Load {
  /** Arrivals a millisecond. */
  readonly rate: (now: number) => number;
  /** Milliseconds for which the loop does something else at this moment. */
  readonly block?: (now: number) => number;
}

interface Run {
  readonly served: number;
  readonly refused: number;
  /** The longest turn of the loop, in milliseconds: so long a request waited. */
  readonly longest: number;
  readonly share: number;
}

/** An event loop that takes 1 ms for a request and 0.2 ms to refuse one; each turn does all that came before it. */
const run = (shedding: Shedding, { rate, block = () => 0 }: Load, from: number, until: number): Run => {
  const admitted = { served: 0, refused: 0, longest: 0 };
  let seed = 1;
  const chance = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  let arrived = 0;
  let due = from + BEAT;
  for (let now = from; now < until; ) {
    if (now >= due) {
      shedding.sample(now - due, now);
      due = now + BEAT;
    }
    let took = block(now);
    const waiting = Math.floor(arrived);
    for (let i = 0; i < waiting; i += 1) {
      const refused = shedding.refuses(waiting, now + took, chance);
      admitted[refused ? 'refused' : 'served'] += 1;
      took += refused ? 0.2 : 1;
    }
    took = Math.max(took, 1);
    arrived += took * rate(now) - waiting;
    now += took;
    admitted.longest = Math.max(admitted.longest, took);
  }
  return { ...admitted, share: shedding.share };
};

/** Blocks once for so long, at the first turn from that moment on. */
const once = (at: number, ms: number) => {
  let done = false;
  return (now: number): number => {
    if (done || now < at) return 0;
    done = true;
    return ms;
  };
};

describe('nobody is refused', () => {
  it('under a load that the loop can bear', () => {
    const { served, refused } = run(new Shedding(TARGET, BEAT), { rate: () => 0.9 }, 0, 60_000);
    assert.deepEqual([refused, served > 53_000], [0, true]);
  });
  for (const ms of [300, 700]) {
    it(`for one moment of ${ms} ms`, () => {
      const { refused } = run(
        new Shedding(TARGET, BEAT),
        { rate: () => 0.5, block: once(1_000, ms) },
        0,
        20_000,
      );
      assert.equal(refused, 0);
    });
  }
  it('for long after one moment of 3 s, whose backlog is worked off', () => {
    const shedding = new Shedding(TARGET, BEAT);
    const start = run(shedding, { rate: () => 0.5, block: once(1_000, 3_000) }, 0, 8_000);
    assert.ok(start.refused < 1_000, `${start.refused} refused`);
    assert.equal(run(shedding, { rate: () => 0.5 }, 8_000, 20_000).refused, 0);
  });
  it('where so few are under way that it is not they who hold the loop up', () => {
    const shedding = new Shedding(TARGET, BEAT);
    for (let now = 0; now < 10_000; now += 400) shedding.sample(350, now);
    assert.ok(shedding.share > 0.9);
    assert.equal(
      shedding.refuses(8, 10_000, () => 0),
      false,
    );
    assert.equal(
      shedding.refuses(9, 10_000, () => 0),
      true,
    );
  });
  it('between two samples, however close the target is', () => {
    const shedding = new Shedding(10, BEAT);
    for (let now = 0; now < 5_000; now += 1) {
      if (now % BEAT === 0) shedding.sample(0, now);
      assert.equal(
        shedding.refuses(1_000, now, () => 0),
        false,
      );
    }
  });
  it('where it is off', () => {
    const { refused, longest } = run(new Shedding(0, BEAT), { rate: () => 1.5 }, 0, 5_000);
    assert.equal(refused, 0);
    assert.ok(longest > 1_000);
  });
});

describe('under more than the loop can bear', () => {
  for (const [times, goodput] of [
    [1.2, 0.7],
    [2, 0.55],
    [4, 0.15],
  ] as const) {
    it(`${times} times: nobody waits long, and much of what can be done is done`, () => {
      const shedding = new Shedding(TARGET, BEAT);
      const start = run(shedding, { rate: () => times }, 0, 10_000);
      assert.ok(start.longest < 1_500, `${start.longest} ms at first`);
      const { served, longest } = run(shedding, { rate: () => times }, 10_000, 70_000);
      assert.ok(longest < 500, `${longest} ms`);
      assert.ok(served / 60_000 > goodput, `${served / 60_000} of what could be done`);
    });
  }
  it('it is over seconds after the load is', () => {
    const shedding = new Shedding(TARGET, BEAT);
    assert.ok(run(shedding, { rate: () => 3 }, 0, 10_000).share > 0.3);
    run(shedding, { rate: () => 0.5 }, 10_000, 17_000);
    const after = run(shedding, { rate: () => 0.5 }, 17_000, 30_000);
    assert.deepEqual([after.refused, after.share], [0, 0]);
  });
});
