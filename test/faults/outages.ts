import assert from 'node:assert/strict';
import { eventually } from '../support/wait.ts';
import type { StageScene } from './processes.ts';
import type { Stage } from './support/stage.ts';

const SERVES = { caller: 'the whole answer', retried: 'nothing', blamed: 'nobody' } as const;

/** Asks again and again while something is away, and has no answer but 200. */
const serves = async (stage: Stage, name: string): Promise<void> => {
  for (let round = 0; round < 5; round++) {
    for (const { status, milliseconds } of await stage.askMany(name, 20)) {
      assert.equal(status, 200);
      assert.ok(milliseconds < 2_000, `${milliseconds} ms`);
    }
  }
};

const counted = (stage: Stage, pattern: RegExp): Promise<true> =>
  eventually(async () => pattern.test(await stage.metrics()), { within: 10_000, hint: `${pattern}` });

/** What becomes of the servers that a gateway knows. The last one leaves nothing as it was. */
export const OUTAGE_SCENES: readonly StageScene[] = [
  {
    service: 'untraced',
    fault: 'the OTLP receiver hangs, or is gone',
    ...SERVES,
    caller: 'the whole answer; spans are counted as failed or dropped',
    play: async stage => {
      await stage.service('untraced', 2);
      stage.otlp.mode('hang');
      await serves(stage, 'untraced');
      await counted(stage, /^sluice_spans_total{result="failed"} [1-9]/m);
      await stage.otlp.stop();
      await serves(stage, 'untraced');
    },
  },
  {
    service: 'undialled',
    fault: 'Redis frozen (SIGSTOP), or gone',
    ...SERVES,
    caller: 'the whole answer, by the last split',
    play: async stage => {
      await stage.service('undialled', 2);
      await stage.redis.kill('SIGSTOP');
      await serves(stage, 'undialled');
      await stage.redis.kill('SIGCONT');
      await stage.redis.kill();
      await counted(stage, /^sluice_weights_up 0$/m);
      await serves(stage, 'undialled');
      await stage.redis.restart({ wipe: false });
      await counted(stage, /^sluice_weights_up 1$/m);
    },
  },
  {
    service: 'unwatched',
    fault: 'Consul frozen (SIGSTOP), or gone',
    ...SERVES,
    caller: 'the whole answer, from the last catalog',
    play: async stage => {
      await stage.service('unwatched', 2);
      await stage.consul.kill('SIGSTOP');
      await serves(stage, 'unwatched');
      await stage.consul.kill('SIGCONT');
      await stage.consul.kill();
      await counted(stage, /^sluice_consul_up 0$/m);
      await serves(stage, 'unwatched');
    },
  },
];
