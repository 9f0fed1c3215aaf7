import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Authority, Telling } from '../../src/core/limit/authority.ts';
import { Books } from '../../src/core/limit/books.ts';
import { RateLimit } from '../../src/core/limit/rate-limit.ts';
import { RateLimiter } from '../../src/core/limit/rate-limiter.ts';
import { readRate } from '../../src/core/limit/read-limit.ts';
import type { RateLimitFilter } from '../../src/core/model/filter.ts';
import { createTeller, type Teller } from '../../src/limits/teller.ts';
import { factsOf } from '../support/facts.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** Redis as it is needed to be here: there, away, and somewhere in between. Its own rules are tested with the real one. */
class FakeAuthority implements Authority {
  readonly books = new Books();
  readonly told: (readonly Telling[])[] = [];
  readonly #clock: FakeClock;
  isAway = false;

  constructor(clock: FakeClock, limit: RateLimit) {
    this.#clock = clock;
    this.books.stateOf(limit);
  }

  async tell(tellings: readonly Telling[]): Promise<readonly number[]> {
    this.told.push(tellings);
    if (this.isAway) throw new Error('away');
    return this.books.enter(tellings, this.#clock.now());
  }
}

interface Gateway {
  readonly teller: Teller;
  /** How many of so many requests pass. */
  pass(asked: number): number;
}

interface Stage {
  readonly clock: FakeClock;
  readonly authority: FakeAuthority;
  readonly gateways: readonly Gateway[];
  /** What was said of the authority. */
  readonly said: (string | undefined)[];
}

const stageOf = (
  rate: string,
  count: number,
  { share = 1, ...more }: Partial<RateLimitFilter & { share: number }> = {},
): Stage => {
  const clock = new FakeClock(1_000);
  const limit = (): RateLimit =>
    new RateLimit('/*', { type: 'rate-limit', ...(readRate(rate) ?? assert.fail(rate)), ...more });
  const authority = new FakeAuthority(clock, limit());
  const said: (string | undefined)[] = [];
  const gateways = Array.from({ length: count }, (): Gateway => {
    const { now, after } = clock;
    const teller = createTeller({ authority, share, now, after, onAway: reason => said.push(reason) });
    const limiter = new RateLimiter(new Books({ debits: teller.debits }));
    const limits = [limit()];
    return {
      teller,
      pass: asked => {
        let passed = 0;
        for (let i = 0; i < asked; i++) if (limiter.judge(limits, factsOf(), now()).isAdmitted) passed += 1;
        return passed;
      },
    };
  });
  return { clock, authority, gateways, said };
};

/** All gateways are asked for one request a millisecond. @returns how many passed */
const load = async ({ clock, gateways }: Stage, ms: number): Promise<number> => {
  let passed = 0;
  for (let i = 0; i < ms; i++) {
    for (const gateway of gateways) passed += gateway.pass(1);
    await clock.turn(1);
  }
  return passed;
};

describe('several gateways with one authority', () => {
  it('count together', async () => {
    const stage = stageOf('5/m', 3);
    const [a, b, c] = stage.gateways;
    assert.equal(a?.pass(2), 2);
    await stage.clock.turn(10);
    assert.equal(b?.pass(1), 1);
    await stage.clock.turn(10);
    assert.equal(b?.pass(9), 2, 'it has heard of the others');
    await stage.clock.turn(10);
    assert.equal(c?.pass(9), 5, 'who has heard nothing begins anew');
    await stage.clock.turn(10);
    stage.clock.advance(71_000);
    assert.equal(c?.pass(9), 0, 'what was too much is paid back');
    stage.clock.advance(1_000);
    assert.equal(c?.pass(9), 1);
  });

  it('let pass in the long run what one would, whatever they let pass at first', async () => {
    const stage = stageOf('100/s', 4, { burst: 10 });
    await load(stage, 1_000);
    const passed = await load(stage, 10_000);
    assert.ok(Math.abs(passed - 1_000) <= 40, `${passed}`);
  });

  it('tell of all requests of a few milliseconds at once, and of those turned away not at all', async () => {
    const stage = stageOf('1000/s', 1);
    stage.gateways[0]?.pass(300);
    await stage.clock.turn(10);
    assert.deepEqual(
      stage.authority.told.map(tellings => tellings.map(({ debits }) => debits)),
      [[300]],
    );
    const quiet = stageOf('1/h', 1);
    quiet.gateways[0]?.pass(1_000);
    await quiet.clock.turn(1_000);
    assert.deepEqual(quiet.authority.told.length, 1);
  });
});

describe('an authority that is away', () => {
  it('leaves each gateway with the limit, and says so once', async () => {
    const stage = stageOf('100/s', 2, { burst: 1 });
    stage.authority.isAway = true;
    const passed = await load(stage, 5_000);
    assert.ok(Math.abs(passed - 1_000) <= 4, `${passed}`);
    assert.deepEqual(stage.said, ['away', 'away']);
    assert.ok(stage.authority.told.length < 60, 'it is not asked all the time');
  });

  it('leaves each gateway with its share of the limit', async () => {
    const stage = stageOf('100/s', 2, { burst: 2, share: 0.5 });
    stage.authority.isAway = true;
    await load(stage, 1_000);
    const passed = await load(stage, 5_000);
    assert.ok(Math.abs(passed - 500) <= 4, `${passed}`);
  });

  it('lets a share that is less than one request have one', async () => {
    const stage = stageOf('10/s', 1, { burst: 1, share: 0.5 });
    stage.authority.isAway = true;
    await load(stage, 1_000);
    assert.equal(await load(stage, 2_000), 10);
  });

  it('that comes back gives nobody a new burst, and has nobody pay for the outage', async () => {
    const stage = stageOf('100/s', 4, { burst: 50 });
    await load(stage, 1_000);
    stage.authority.isAway = true;
    const meanwhile = await load(stage, 10_000);
    assert.ok(meanwhile > 3_900 && meanwhile < 4_300, `each by itself: ${meanwhile}`);
    stage.authority.isAway = false;
    await load(stage, 250);
    assert.deepEqual(stage.said.slice(-4), [undefined, undefined, undefined, undefined]);
    const after = await load(stage, 1_000);
    assert.ok(after > 80 && after < 130, `${after}`);
  });

  it('is noticed to be back with nobody there to be limited', async () => {
    const stage = stageOf('100/s', 1);
    stage.authority.isAway = true;
    stage.gateways[0]?.pass(1);
    await stage.clock.turn(60_000);
    assert.equal(stage.gateways[0]?.teller.isAway, true);
    stage.authority.isAway = false;
    await stage.clock.turn(300);
    assert.equal(stage.gateways[0]?.teller.isAway, false);
    const asked = stage.authority.told.length;
    await stage.clock.turn(10_000);
    assert.equal(stage.authority.told.length, asked, 'and left alone then');
  });

  it('and has lost what it knew, is told of it', async () => {
    const stage = stageOf('10/m', 2);
    assert.equal(stage.gateways[0]?.pass(99), 10);
    stage.authority.isAway = true;
    await stage.clock.turn(10);
    stage.authority.isAway = false;
    await stage.clock.turn(250);
    assert.equal(stage.gateways[1]?.pass(1), 1);
    await stage.clock.turn(10);
    assert.equal(stage.gateways[1]?.pass(99), 0);
  });
});

describe('news', () => {
  it('of half a slow limit is heard by those who were never asked', () => {
    const books = new Books();
    const limit = new RateLimit('/*', { type: 'rate-limit', requests: 5, window: 60_000 });
    books.stateOf(limit);
    const telling = (debits: number) => [
      { name: '/* 5/m all', interval: 12_000, depth: 60_000, isShared: true, debits, atLeast: 0 },
    ];
    const news = (debits: number) => books.newsOf(telling(debits), books.enter(telling(debits), 0));
    assert.deepEqual(news(2), []);
    const told = news(1);
    assert.deepEqual(told, [{ name: '/* 5/m all', owed: 36_000 }]);
    const other = new Books();
    other.stateOf(limit);
    other.hear(told, 0);
    assert.equal(other.debt(limit, 'all', 0), 36_000);
    other.hear([{ name: '/* 5/m all', owed: 12_000 }], 0);
    assert.equal(other.debt(limit, 'all', 0), 36_000, 'older news takes nothing back');
    other.hear([{ name: 'of no rule 5/m all', owed: 12_000 }], 0);
  });
});
