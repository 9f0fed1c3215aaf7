import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RetryBudget } from '../../../src/core/balance/retry-budget.ts';

describe('RetryBudget', () => {
  it('grants the floor to few requests, and a share to many', () => {
    const budget = new RetryBudget({ share: 0.2, perSecond: 1 });
    const granted = (): number => {
      let count = 0;
      while (budget.spend(5_000)) count += 1;
      return count;
    };
    assert.equal(granted(), 10);
    for (let i = 0; i < 100; i++) budget.deposit(5_000);
    assert.equal(granted(), 20);
    assert.equal(budget.refused, 2);
  });

  it('forgets requests and retries after ten seconds', () => {
    const budget = new RetryBudget({ share: 0.5, perSecond: 0 });
    budget.deposit(0);
    budget.deposit(0);
    assert.equal(budget.spend(9_999), true);
    assert.equal(budget.spend(9_999), false);
    budget.deposit(15_000);
    budget.deposit(15_000);
    assert.equal(budget.spend(15_000), false, 'the retry of the tenth second still counts');
    assert.equal(budget.spend(19_000), true);
  });

  it('is never exceeded, in whatever order things happen', () => {
    const event = fc.record({
      isRetry: fc.boolean(),
      pause: fc.constantFrom(0, 0, 0, 10, 900, 4_000, 30_000),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), events => {
        const budget = new RetryBudget({ share: 0.2, perSecond: 0.3 });
        const deposits: number[] = [];
        const retries: number[] = [];
        let now = 0;
        for (const { isRetry, pause } of events) {
          now += pause;
          if (!isRetry) {
            budget.deposit(now);
            deposits.push(now);
          } else if (budget.spend(now)) retries.push(now);
          // The window begins with a whole second, so it is at most 10 s, and more than 9 s, long.
          const begins = (Math.floor(now / 1_000) - 9) * 1_000;
          const within = (times: readonly number[]): number => times.filter(at => at >= begins).length;
          if (isRetry && retries.at(-1) === now) assert.ok(within(retries) <= 0.2 * within(deposits) + 3);
        }
      }),
    );
  });
});
