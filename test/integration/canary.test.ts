import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { CanaryAnswer } from '../../src/admin/canaries-api.ts';
import { type Load, startLoad } from '../support/load.ts';
import { run, runGateway } from '../support/processes.ts';
import { eventually } from '../support/wait.ts';
import { openRolloutStage, type RolloutStage } from './rollout-stage.ts';

/** What `test/canary/e2e.test.ts` leaves out. */
let stage: RolloutStage;
before(async () => {
  stage = await openRolloutStage();
});
after(() => stage.close());

const load = (t: TestContext, name: string, perSecond: number): Promise<Load[]> =>
  Promise.all(
    stage
      .alive()
      .map(async gateway => startLoad(t, `${await gateway.serving()}/${name}`, { perSecond: perSecond / 3 })),
  );

describe('a rollout of real processes', () => {
  it('begins with copies where they are wanted: v2 is judged by them and answers nobody', async t => {
    let requests = 0;
    await stage.release('copied', (_req, res) => {
      requests += 1;
      res.statusCode = requests % 5 === 0 ? 500 : 200;
      res.end('v2');
    });
    const before = requests;
    const loads = await load(t, 'copied', 300);
    const plan = ['--to', 'v2', '--mirror', '50%', '--steps', '100', '--every', '60s'];
    const watched = stage.canary('start', 'copied', ...plan, '--watch');
    assert.equal(await watched.exited, 1);
    assert.match(watched.stdout(), /step 1 of 2: copies of 50 % for v2/);
    assert.match(watched.stdout(), /rolled back: .*errors \d/);
    assert.ok(requests > before + 20, `v2 had ${requests - before} copies`);
    for (const each of loads) {
      const { statuses, bad } = await each.stop();
      assert.deepEqual(Object.keys(statuses), ['200'], bad.join('\n'));
    }
  });

  it('is refused where there is nothing to roll out, in words', async () => {
    await stage.release('refused', (_req, res) => res.end('v2'));
    for (const [args, words] of [
      [['nowhere', '--to', 'v2'], /nowhere is not in the catalog/],
      [['refused', '--to', 'v9'], /refused has no live version v9 \(live: v1, v2\)/],
      [['refused'], /--to: name the version/],
      [['refused', '--to', 'v2', '--steps', '5,1'], /--steps "5,1": expected rising percents/],
    ] as const) {
      const asked = stage.canary('start', ...args);
      assert.notEqual(await asked.exited, 0);
      assert.match(asked.stderr(), words);
    }
  });

  it('needs no Redis where a gateway with workers is alone: commands go to its admin API', async t => {
    const flags = [
      '--consul',
      stage.consul.address,
      '--redis',
      'off',
      '--access-log',
      'off',
      '--workers',
      '2',
    ];
    const gateway = await runGateway(flags);
    t.after(() => gateway.stop());
    const admin = gateway.admin.replace('http://', '');
    const ask = async (...args: string[]): Promise<string> => {
      const asked = run('dist/src/cli/main.js', [...args, '--admin', admin]);
      assert.equal(await asked.exited, 0, asked.stderr());
      return asked.stdout();
    };
    await stage.release('alone', (_req, res) => res.end('v2'));
    const front = await gateway.serving();
    await ask('weights', 'set', 'alone', 'v1=100');
    startLoad(t, `${front}/alone`, { perSecond: 100 });
    const plan = [
      '--to',
      'v2',
      '--steps',
      '50,100',
      '--mirror',
      '50%',
      '--every',
      '1s',
      '--min-requests',
      '30',
    ];
    await ask('canary', 'start', 'alone', ...plan);
    await eventually(
      async () => (JSON.parse(await ask('canary', 'status', 'alone', '--json')) as CanaryAnswer).step === 2,
      { within: 20_000, hint: 'what the workers counted lets it go on' },
    );
    assert.match(await ask('canary', 'pause', 'alone', '--reason', 'lunch'), /paused by /);
    assert.match(await ask('canary', 'promote', 'alone'), /alone: promoted/);
    assert.equal(await (await fetch(`${front}/alone`)).text(), 'v2');
    assert.match(await ask('canary', 'status'), /alone +v2 +promoted/);
  });
});
