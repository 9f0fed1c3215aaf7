import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Counter } from '../../bench/dial/census.ts';
import { PARTS, type Wanted } from '../../bench/dial/parts.ts';

/** The short form of `npm run dial`: what must hold however busy the machine is. */
const WANTED: Wanted = { requests: 10_000, changes: 60, cuts: 4, load: 30, gateways: 2 };

describe('the dial, with real gateways', () => {
  it('a share is exact, and 0 is none', async t => {
    const { shares } = await PARTS.shares.run(WANTED, t.signal);
    const [some, none] = shares.map(({ counts }) => counts.all);
    assert.deepEqual(none, { requests: 10_000, canaries: 0, bad: 0, longestGap: 10_000 });
    t.diagnostic(JSON.stringify(some));
    assert.equal(some?.bad, 0);
    assert.ok(Math.abs((some?.canaries ?? 0) - 50) <= 5, `${some?.canaries} instead of 50`);
    // Answers overtake each other: by as many as there are connections.
    assert.ok((some?.longestGap ?? 0) < 600, `${some?.longestGap}`);
  });

  it('every change is in force at every gateway, soon', async t => {
    const { turning } = await PARTS.changes.run(WANTED, t.signal);
    t.diagnostic(JSON.stringify(turning));
    assert.ok(turning !== undefined);
    assert.equal(turning.missed, 0);
    assert.equal(turning.bad, 0);
    assert.ok(turning.p50 > 0 && turning.p50 < 100, `${turning.p50} ms`);
  });

  it('within 2.5 s where subscribers are cut again and again', async t => {
    const { cut } = await PARTS.cuts.run(WANTED, t.signal);
    t.diagnostic(JSON.stringify(cut));
    assert.ok(cut !== undefined && cut.cut >= 4, 'subscribers were cut');
    assert.equal(cut.missed, 0);
    assert.ok(cut.worst < 2_500, `${cut.worst} ms`);
  });
});

describe('a census', () => {
  it('counts gaps from the beginning on, and to the end', () => {
    const gapOf = (...answers: ('one' | 'two')[]): number => {
      const counter = new Counter();
      for (const answer of answers) counter.add(answer);
      return counter.census.longestGap;
    };
    assert.equal(gapOf('one', 'one', 'two', 'one'), 3);
    assert.equal(gapOf('two', 'one', 'two', 'one', 'one', 'one'), 3);
    assert.equal(gapOf('two', 'two'), 1);
  });
});
