/** npm run dial */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { untilInterrupted } from '../interrupt.ts';
import { describeMachine } from '../machine.ts';
import { showProgress } from '../progress.ts';
import { figureTable, isWithin } from '../scale/report.ts';
import { asText } from '../table.ts';
import { type ChangeFigures, countShare, type ShareFigures, timeUnderLoad } from './measure.ts';
import { figuresOf } from './report.ts';
import { openStage, type Stage } from './stage.ts';

const USAGE = `npm run dial -- [--requests N] [--changes N] [--cuts N] [--rate N] [--gateways N] [--part NAME] [--json FILE]

How exact shares are, and how soon a change of weights in Redis is in force, with real gateways, Consul and Redis.

  --requests N    of each count of a share (default 1000000)
  --changes N     of the weights (default 1000)
  --cuts N        seconds in which Redis cuts all subscribers once a second (default 60)
  --rate N        requests a second meanwhile, of all gateways together (default 300)
  --gateways N    how many (default 4)
  --part NAME     only shares, changes or cuts; repeatable
  --json FILE     where the figures go

Example:
  npm run dial -- --part changes --changes 200

Ends with 1 where a figure is over its limit.`;

const PARTS = ['shares', 'changes', 'cuts'] as const;
const OPTIONS = {
  requests: { type: 'string', default: '1000000' },
  changes: { type: 'string', default: '1000' },
  cuts: { type: 'string', default: '60' },
  rate: { type: 'string', default: '300' },
  gateways: { type: 'string', default: '4' },
  part: { type: 'string', multiple: true },
  json: { type: 'string' },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

/** Half a per cent, as a careful canary begins. */
const SHARE = 50;
/** Milliseconds between two changes, and while subscribers are cut. */
const PAUSE = [15, 35] as const;
const CUT_PAUSE = [50, 1_000] as const;
/** Of requests as fast as they are answered, for the time that is left. */
const PER_SECOND = 8_000;

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const count = (name: 'requests' | 'changes' | 'cuts' | 'rate' | 'gateways'): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value > 0) return value;
    throw new Error(`--${name} "${values[name]}": expected a whole number above 0`);
  };
  const [requests, changes, cuts] = [count('requests'), count('changes'), count('cuts')];
  const [rate, gateways] = [count('rate'), count('gateways')];
  const parts = values.part ?? PARTS;
  const unknown = parts.find(part => !PARTS.some(name => name === part));
  if (unknown !== undefined) throw new Error(`--part "${unknown}": there are ${PARTS.join(', ')}`);
  if (changes > 9_999) throw new Error('--changes: at most 9999, each is another hundredth of a per cent');
  const wants = (part: (typeof PARTS)[number]): boolean => parts.includes(part);

  return untilInterrupted(async stopping => {
    const cutCount = Math.max(1, Math.round((cuts * 1_000) / ((CUT_PAUSE[0] + CUT_PAUSE[1]) / 2)));
    const shareSeconds = requests / PER_SECOND;
    const changeSeconds = (changes * (PAUSE[0] + PAUSE[1])) / 2_000;
    const progress = showProgress(
      (wants('shares') ? shareSeconds * 4 : 0) +
        (wants('changes') ? changeSeconds : 0) +
        (wants('cuts') ? cuts : 0),
      process.stdout,
    );
    const shares: ShareFigures[] = [];
    const countShares = async (how: string, stage: Stage, wanted: readonly number[]): Promise<void> => {
      for (const tenThousandths of wanted) {
        progress.begin(`${how}: ${requests} requests at ${tenThousandths / 100} %`);
        shares.push(await countShare(how, stage, tenThousandths, requests, stopping));
        progress.done(shareSeconds);
      }
    };
    let turning: ChangeFigures | undefined;
    let cut: ChangeFigures | undefined;

    if (wants('shares')) {
      await using(openStage(1), stage => countShares('one gateway', stage, [SHARE, 0]));
      await using(openStage(1, ['--workers', '2']), stage => countShares('two workers', stage, [SHARE]));
    }
    await using(openStage(gateways), async stage => {
      if (wants('shares')) await countShares(`${gateways} gateways`, stage, [SHARE]);
      if (wants('changes')) {
        // Whatever runs for the first time is slow.
        await timeUnderLoad(stage, { count: 50, pause: PAUSE }, rate, stopping);
        progress.begin(`${changes} changes`);
        turning = await timeUnderLoad(stage, { count: changes, pause: PAUSE }, rate, stopping);
        progress.done(changeSeconds);
      }
      if (wants('cuts')) {
        progress.begin(`${cutCount} changes while subscribers are cut`);
        const changes = { count: cutCount, pause: CUT_PAUSE, cutEvery: 1_000 };
        cut = await timeUnderLoad(stage, changes, rate, stopping);
        progress.done(cuts);
      }
    });
    progress.end();

    const report = {
      shares,
      ...(turning === undefined ? {} : { turning }),
      ...(cut === undefined ? {} : { cut }),
    };
    const figures = figuresOf(report);
    console.log(asText(figureTable(figures)));
    if (values.json !== undefined) {
      const machine = describeMachine();
      writeFileSync(values.json, `${JSON.stringify({ machine, figures, ...report }, null, 2)}\n`);
    }
    return figures.every(isWithin) ? 0 : 1;
  });
};

const using = async (opening: Promise<Stage>, work: (stage: Stage) => Promise<void>): Promise<void> => {
  const stage = await opening;
  try {
    await work(stage);
  } finally {
    await stage.close();
  }
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
