import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type LoadReport, lineOf, sumOf } from './report.ts';
import { play, SCENARIOS, type ScenarioName } from './scenarios.ts';
import { openStage } from './stage.ts';

/** The short form of `npm run deploys`: sidecars that take leave and are missed sooner, on a machine that may be busy. */
const QUICK = {
  sidecarArgs: ['--drain', '500ms', '--ttl', '2s'],
  gatewayEnv: { SLUICE_SHED_DELAY: 'off' },
};

const plays = (name: ScenarioName, times: number, costs: 'nothing' | 'what may have been done'): void => {
  it(`${SCENARIOS[name].what}, ${times} times: costs ${costs}`, async t => {
    const stage = await openStage(QUICK);
    t.after(() => stage.close());
    const reports: LoadReport[] = [];
    for await (const report of play(stage, name, { times, perSecond: 500 })) reports.push(report);
    const total = sumOf(reports);
    t.diagnostic(lineOf(total));
    assert.equal(total.failed.idempotent, 0, total.examples.join('\n'));
    if (costs === 'nothing') assert.equal(total.failed.other, 0, total.examples.join('\n'));
    assert.deepEqual(stage.doneTwice(), []);
    assert.ok(total.requests > 200 * times, `only ${total.requests} requests`);
  });
};

plays('roll', 2, 'nothing');
plays('kill-program', 2, 'what may have been done');
plays('kill-sidecar', 1, 'what may have been done');
plays('kill-bare', 2, 'what may have been done');
