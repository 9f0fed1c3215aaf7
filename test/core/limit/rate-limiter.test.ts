import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Books } from '../../../src/core/limit/books.ts';
import { RateLimit } from '../../../src/core/limit/rate-limit.ts';
import { RateLimiter } from '../../../src/core/limit/rate-limiter.ts';
import { readRate } from '../../../src/core/limit/read-limit.ts';
import type { LimitKey, RateLimitFilter } from '../../../src/core/model/filter.ts';
import { type Asked, factsOf } from '../../support/facts.ts';

const limit = (rate: string, more: Partial<RateLimitFilter> = {}): RateLimit =>
  new RateLimit('/orders/*', {
    type: 'rate-limit',
    ...(readRate(rate) ?? assert.fail(rate)),
    ...more,
  });

/** How many of `asked` requests at one moment pass. */
const passing = (
  limiter: RateLimiter,
  limits: readonly RateLimit[],
  { now, asked, facts = {} }: { now: number; asked: number; facts?: Asked },
): number => {
  let passed = 0;
  for (let i = 0; i < asked; i++) {
    if (limiter.judge(limits, factsOf(facts), now).isAdmitted) passed += 1;
  }
  return passed;
};

describe('one limit', () => {
  const table: [name: string, limit: RateLimit, steps: [now: number, asked: number, passed: number][]][] = [
    [
      'lets a whole window pass at once, then one each interval',
      limit('5/m'),
      [
        [1_000, 9, 5],
        [12_999, 1, 0],
        [13_000, 3, 1],
        [25_000, 3, 1],
      ],
    ],
    [
      'after a rest as many as the burst, and no more however long it was',
      limit('5/m'),
      [
        [1_000, 9, 5],
        [3_601_000, 9, 5],
      ],
    ],
    [
      'a burst of one: one each interval',
      limit('10/s', { burst: 1 }),
      [
        [1_000, 3, 1],
        [1_099, 1, 0],
        [1_100, 3, 1],
        [1_250, 3, 1],
      ],
    ],
    [
      'a burst above the rate',
      limit('1/s', { burst: 20 }),
      [
        [1_000, 30, 20],
        [3_000, 30, 2],
      ],
    ],
    ['thirds add up', limit('3/s'), [[1_000, 4, 3]]],
    ['sevenths, far from zero', limit('7/s'), [[1e9 + 1 / 3, 9, 7]]],
  ];
  for (const [name, under, steps] of table) {
    it(name, () => {
      const limiter = new RateLimiter(new Books());
      for (const [now, asked, passed] of steps)
        assert.equal(passing(limiter, [under], { now, asked }), passed, `at ${now}`);
    });
  }

  it('over a long time is exact, whatever is asked', () => {
    const limiter = new RateLimiter(new Books());
    const under = limit('100/s');
    let passed = 0;
    for (let now = 0; now < 60_000; now += 3) passed += passing(limiter, [under], { now, asked: 1 });
    assert.ok(Math.abs(passed - 6_100) <= 1, `${passed}`);
  });
});

describe('what is told of it', () => {
  it('how many remain, and when', () => {
    const limiter = new RateLimiter(new Books());
    const under = limit('5/m');
    const told = (now: number): unknown[] => {
      const { isAdmitted, remaining, resetSeconds } = limiter.judge([under], factsOf(), now);
      return [isAdmitted, remaining, resetSeconds];
    };
    assert.deepEqual(told(0), [true, 4, 12], 'nothing is owed again after 12 s');
    assert.deepEqual(told(0), [true, 3, 24]);
    assert.deepEqual(told(0), [true, 2, 36]);
    assert.deepEqual(told(0), [true, 1, 48]);
    assert.deepEqual(told(0), [true, 0, 12], 'the next one after 12 s');
    assert.deepEqual(told(500), [false, 0, 12], 'a part of a second is one');
    assert.deepEqual(told(11_999), [false, 0, 1]);
    assert.deepEqual(told(12_000), [true, 0, 12]);
  });

  it('the policy, as the draft spells it', () => {
    assert.equal(limit('100/s').policy, '"100/s";q=100;w=1');
    assert.equal(
      limit('5/m', { burst: 2, by: { of: 'header', name: 'x-user' } }).policy,
      '"5/m,burst=2,by=header:x-user";q=5;w=60',
    );
    assert.equal(
      new RateLimit('/', { type: 'rate-limit', requests: 5, window: 250 }).policy,
      '"5/250ms";q=20;w=1',
    );
  });
});

describe('by caller', () => {
  const BY_ADDRESS: LimitKey = { of: 'address' };

  it('each has the limit for itself', () => {
    const limiter = new RateLimiter(new Books());
    const limits = [limit('5/m', { by: BY_ADDRESS })];
    for (const clientAddress of ['10.0.0.1', '10.0.0.2'])
      assert.equal(passing(limiter, limits, { now: 0, asked: 9, facts: { clientAddress } }), 5);
  });

  const SAME: [name: string, by: LimitKey, one: Asked, other: Asked, areOne: boolean][] = [
    [
      'addresses of one IPv6 network',
      BY_ADDRESS,
      { clientAddress: '2001:db8:0:7::1' },
      { clientAddress: '2001:db8:0:7:aaaa::2' },
      true,
    ],
    [
      'another IPv6 network',
      BY_ADDRESS,
      { clientAddress: '2001:db8:0:7::1' },
      { clientAddress: '2001:db8:0:8::1' },
      false,
    ],
    [
      'zeros left out in the network',
      BY_ADDRESS,
      { clientAddress: '2001:db8::1' },
      { clientAddress: '2001:db8::5:0:0:1' },
      true,
    ],
    ['loopback', BY_ADDRESS, { clientAddress: '::1' }, { clientAddress: '127.0.0.1' }, false],
    [
      'a header',
      { of: 'header', name: 'x-user' },
      { headers: { 'x-user': 'a' } },
      { headers: { 'x-user': 'b' } },
      false,
    ],
    ['no header at all', { of: 'header', name: 'x-user' }, {}, { headers: { 'x-user': '' } }, true],
    [
      'long ones that differ at their end',
      { of: 'header', name: 'x-user' },
      { headers: { 'x-user': `${'x'.repeat(9_000)}a` } },
      { headers: { 'x-user': `${'x'.repeat(9_000)}b` } },
      false,
    ],
    [
      'a cookie among others',
      { of: 'cookie', name: 'id' },
      { headers: { cookie: 'a=1; id=7' } },
      { headers: { cookie: 'id=7; b=2' } },
      true,
    ],
  ];
  for (const [name, by, one, other, areOne] of SAME) {
    it(`${name}: ${areOne ? 'one caller' : 'two callers'}`, () => {
      const limiter = new RateLimiter(new Books());
      const limits = [limit('5/m', { by })];
      assert.equal(passing(limiter, limits, { now: 0, asked: 5, facts: one }), 5);
      assert.equal(passing(limiter, limits, { now: 0, asked: 1, facts: other }), areOne ? 0 : 1);
    });
  }
});

describe('an attack by making up new names', () => {
  it('does not have a limited caller forgotten', () => {
    const limiter = new RateLimiter(new Books({ most: 100 }));
    const limits = [limit('5/m', { by: { of: 'header', name: 'key' } })];
    const as = (key: string, asked: number): number =>
      passing(limiter, limits, { now: 0, asked, facts: { headers: { key } } });
    assert.equal(as('greedy', 9), 5);
    for (let i = 0; i < 10_000; i++) as(`made up ${i}`, 1);
    assert.equal(as('greedy', 9), 0);
  });
});

describe('several limits of a rule', () => {
  it('all must let a request pass, and one that is turned away costs nothing', () => {
    const limiter = new RateLimiter(new Books());
    const narrow = limit('2/s', { by: { of: 'address' } });
    const wide = limit('3/s');
    const as = (clientAddress: string): boolean[] =>
      [1, 2, 3].map(() => limiter.judge([narrow, wide], factsOf({ clientAddress }), 0).isAdmitted);
    assert.deepEqual(as('10.0.0.1'), [true, true, false]);
    assert.deepEqual(
      as('10.0.0.2'),
      [true, false, false],
      'the one that was refused took nothing of the whole',
    );
  });

  it('tells of the one that leaves least, and of all policies', () => {
    const limiter = new RateLimiter(new Books());
    const limits = [limit('100/s'), limit('5/m', { by: { of: 'address' } })];
    const verdict = limiter.judge(limits, factsOf(), 0);
    assert.equal(verdict.limit, limits[1]);
    assert.equal(verdict.remaining, 4);
    assert.equal(verdict.limits, limits);
  });
});

describe('a new table', () => {
  it('goes on counting for a limit that is the same, and anew for one that is not', () => {
    const limiter = new RateLimiter(new Books());
    assert.equal(passing(limiter, [limit('5/m')], { now: 0, asked: 9 }), 5);
    assert.equal(passing(limiter, [limit('5/m')], { now: 0, asked: 9 }), 0);
    assert.equal(passing(limiter, [limit('6/m')], { now: 0, asked: 9 }), 6);
  });

  it('forgets the limits of rules that are gone', () => {
    const books = new Books();
    passing(new RateLimiter(books), [limit('5/m')], { now: 0, asked: 9 });
    assert.equal([...books.states()].length, 1);
    books.follow([]);
    assert.equal([...books.states()].length, 0);
  });
});
