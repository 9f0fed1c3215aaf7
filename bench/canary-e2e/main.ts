/** npm run canary-e2e */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { untilInterrupted } from '../interrupt.ts';
import { describeMachine } from '../machine.ts';
import { type Figure, figureTable, isWithin } from '../scale/report.ts';
import { asText } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';
import { figuresOf } from './report.ts';
import { play, SCENARIOS, type ScenarioName } from './scenarios.ts';
import { openStage } from './stage.ts';

const NAMES = Object.keys(SCENARIOS) as ScenarioName[];

const USAGE = `npm run canary-e2e -- [--scenario NAME …] [--rate N] [--every DURATION] [--min-requests N] [--gateways N] [--json FILE]

Whole rollouts as a user runs them: real Consul, Redis, gateways and services, and sluice canary start --watch.

${NAMES.map(name => `  ${name.padEnd(8)}${SCENARIOS[name].what}`).join('\n')}

  --scenario NAME     only this; repeatable
  --rate N            requests a second, of all gateways together (default 600)
  --every DURATION    how long each step lasts at least (default 15s)
  --min-requests N    of v2 in each step (default 500)
  --gateways N        how many (default 4)
  --json FILE         where the figures go

Example:
  npm run canary-e2e -- --scenario bad --scenario slow

Ends with 1 where a figure is over its limit.`;

/** Percent. */
const STEPS = [1, 5, 25, 50, 100];

const OPTIONS = {
  scenario: { type: 'string', multiple: true },
  rate: { type: 'string', default: '600' },
  every: { type: 'string', default: '15s' },
  'min-requests': { type: 'string', default: '500' },
  gateways: { type: 'string', default: '4' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

const main = async (): Promise<number> => {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const unknown = values.scenario?.find(scenario => !NAMES.some(name => name === scenario));
  if (unknown !== undefined) throw new Error(`--scenario "${unknown}": there are ${NAMES.join(', ')}`);
  const wanted = {
    rate: wholeNumber('rate', values.rate),
    steps: STEPS,
    every: values.every,
    minRequests: wholeNumber('min-requests', values['min-requests']),
  };
  const gateways = wholeNumber('gateways', values.gateways);

  return untilInterrupted(async stopping => {
    const machine = describeMachine();
    const figures: Figure[] = [];
    const stage = await openStage(gateways);
    try {
      for (const name of NAMES.filter(name => values.scenario?.includes(name) ?? true)) {
        console.log(`${name}: ${SCENARIOS[name].what}`);
        const played = await play(stage, name, wanted, stopping);
        for (const { at, text } of played.answer.story) console.log(`  ${at.slice(11, 19)}  ${text}`);
        figures.push(...figuresOf(played));
      }
    } finally {
      await stage.close();
    }
    console.log(asText(figureTable(figures)));
    if (values.json !== undefined) {
      writeFileSync(values.json, `${JSON.stringify({ machine, wanted, figures }, null, 2)}\n`);
    }
    return figures.every(isWithin) ? 0 : 1;
  });
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
