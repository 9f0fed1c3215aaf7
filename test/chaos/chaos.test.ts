import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { play, SCENARIOS, type ScenarioName } from './scenarios.ts';

describe("Consul's worst days, under load: no request fails, and the right state is there within 5 s", () => {
  for (const [name, { what }] of Object.entries(SCENARIOS)) {
    it(what, async t => {
      const { statuses, requests, bad, rightAfterMs, held } = await play(name as ScenarioName, 200);
      t.diagnostic(
        `${requests} requests, ${held} instances held, the right state after ${rightAfterMs.toFixed(0)} ms`,
      );
      assert.deepEqual(statuses, { 200: requests }, bad.join('\n'));
      assert.ok(requests > 300, `only ${requests} requests were sent`);
    });
  }
});
