import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { figuresOf } from '../../bench/canary-e2e/report.ts';
import { type Played, play, type ScenarioName, type Wanted } from '../../bench/canary-e2e/scenarios.ts';
import { openStage, type Stage } from '../../bench/canary-e2e/stage.ts';
import { isWithin } from '../../bench/scale/report.ts';

/**
 * The short form of `npm run canary-e2e`: three gateways, and steps of a second. That leaders may be killed is held by
 * test/integration/canary-leader.test.ts.
 */
const GOOD: Wanted = { rate: 300, steps: [20, 60, 100], every: '1s', minRequests: 30 };
const BAD: Wanted = { rate: 450, steps: [25, 100], every: '60s', minRequests: 500 };

describe('whole rollouts by sluice canary start', { timeout: 240_000 }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage(3);
  });
  after(() => stage.close());

  const playWell = async (name: ScenarioName, wanted: Wanted, signal: AbortSignal): Promise<Played> => {
    const played = await play(stage, name, wanted, signal);
    const over = figuresOf(played).filter(figure => !isWithin(figure));
    assert.deepEqual(over, [], `${played.printed}\n${JSON.stringify(played.seen)}`);
    return played;
  };

  it('a good version reaches 100 %, and the ledger tells the whole story', async t => {
    const { answer, shares, printed, v2 } = await playWell('good', GOOD, t.signal);
    assert.equal(answer.outcome, 'promoted');
    assert.deepEqual(shares, ['20', '60', '100']);
    assert.ok(v2.requests >= 90, `${v2.requests} requests`);
    for (const text of ['step 1 of 3: v2 at 20 %', 'step 3 of 3: v2 at 100 %', 'promoted: v2 has 100 %'])
      assert.ok(printed.includes(text), printed);
  });

  it('a bad version (5 % errors) goes back within 15 s of 500 of its requests', async t => {
    const { answer, shares, v2, secondsAfter500 } = await playWell('bad', BAD, t.signal);
    t.diagnostic(`rolled back ${secondsAfter500} s after 500 requests; there were ${v2.requests}`);
    assert.equal(answer.outcome, 'rolled back');
    assert.match(answer.why ?? '', /errors \d/);
    assert.deepEqual(shares, ['25', '0']);
    assert.ok(v2.errors > 0, 'callers saw some of its errors');
  });

  it('so does a slow one (p99 × 2)', async t => {
    const { answer, shares, v2, secondsAfter500 } = await playWell('slow', BAD, t.signal);
    t.diagnostic(`rolled back ${secondsAfter500} s after 500 requests; there were ${v2.requests}`);
    assert.equal(answer.outcome, 'rolled back');
    assert.match(answer.why ?? '', /latenc|p99|slow/);
    assert.deepEqual(shares, ['25', '0']);
  });
});
