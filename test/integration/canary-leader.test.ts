import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import type { CanaryAnswer } from '../../src/admin/canaries-api.ts';
import type { HistoryAnswer } from '../../src/admin/weights-api.ts';
import { startRollout } from '../../src/canary/commands.ts';
import { planOf } from '../../src/canary/document.ts';
import { openRedisBoard } from '../../src/canary/redis-board.ts';
import type { RunningGateway } from '../support/processes.ts';
import { eventually } from '../support/wait.ts';
import { openRolloutStage, type RolloutStage } from './rollout-stage.ts';

/** Whoever leads is killed. */
let stage: RolloutStage;
before(async () => {
  stage = await openRolloutStage();
});
after(() => stage.close());

const status = async (name: string): Promise<CanaryAnswer> => {
  const asked = stage.canary('status', name, '--json');
  assert.equal(await asked.exited, 0, asked.stderr());
  return JSON.parse(asked.stdout()) as CanaryAnswer;
};

const ledgerOf = async (name: string): Promise<HistoryAnswer['entries']> => {
  const answer = await fetch(`${stage.alive()[0]?.admin}/api/weights/${name}/history?count=100`);
  return ((await answer.json()) as HistoryAnswer).entries.toReversed();
};

describe('a rollout whose leaders die', () => {
  it('has exactly its five steps, whoever leads being killed -9 at each of them', {
    timeout: 120_000,
  }, async t => {
    await stage.release('killed', (_req, res) => res.end('v2'));
    const board = openRedisBoard({ url: stage.redisServer.url, prefix: 'sluice:', id: 'the test' });
    const hints = new Redis(stage.redisServer.url);
    t.after(async () => {
      hints.disconnect();
      await board.close();
    });
    const leader = (): RunningGateway | undefined =>
      stage
        .alive()
        .map(gateway => ({
          gateway,
          fence: Number(gateway.log().findLast(line => 'fence' in line)?.fence ?? 0),
        }))
        .sort((a, b) => b.fence - a.fence)[0]?.gateway;
    const replacements: Promise<RunningGateway>[] = [];
    // The message is published within the write of a step: its leader dies before it can tell what it has done.
    await hints.subscribe('sluice:weights');
    hints.on('message', (_channel, service: string) => {
      const victim = leader();
      if (service !== 'killed' || replacements.length === 5 || victim === undefined) return;
      replacements.push(stage.replace(victim));
    });
    const plan = planOf({ values: new Map() }, 'test', { to: 'v2', every: '1s', minRequests: '0' });
    const { id } = await startRollout(board, 'killed', plan, { actor: 'the test' });
    await eventually(async () => (await board.read('killed'))?.rollout.phase === 'over', {
      within: 100_000,
      hint: 'the rollout is over',
    });
    await Promise.all(replacements);
    assert.equal(replacements.length, 5, 'a leader died at each step');
    const { outcome } = await status('killed');
    assert.equal(outcome, 'promoted');
    const [, ...steps] = await ledgerOf('killed');
    assert.deepEqual(
      steps.map(({ actor, to }) => [actor, to.v2]),
      ['1', '5', '25', '50', '100'].map(share => [`canary ${id}`, share]),
    );
  });
});
