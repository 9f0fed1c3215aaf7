/**
 * Consul's worst days, as often as one likes: npm run chaos -- --scenario wipe --times 20 --rate 500
 * Exits with 1 where a request failed, or the right state was late.
 */
import { parseArgs } from 'node:util';
import { play, SCENARIOS, type ScenarioName } from './scenarios.ts';

const HELP = `What callers notice when Consul fails: a real Consul, a real gateway, and traffic all the while.

  npm run chaos -- [--scenario NAME …] [--times N] [--rate REQUESTS_PER_SECOND]

${Object.entries(SCENARIOS)
  .map(([name, { what }]) => `  ${name.padEnd(8)}${what}`)
  .join('\n')}

Afterwards everything registers again at other ports: within 5 s that must be in force, and nothing held any more.

Examples:
  npm run chaos -- --times 20
  npm run chaos -- --scenario wipe --scenario empty --rate 200
`;

const isScenario = (name: string): name is ScenarioName => name in SCENARIOS;

const count = (flag: string, text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${flag} "${text}": expected a whole number above 0, e.g. --${flag} 20`);
};

const run = async (name: ScenarioName, times: number, rate: number): Promise<boolean> => {
  console.log(`${name}: ${SCENARIOS[name].what}, ${times} times at ${rate} requests a second`);
  let isSpared = true;
  for (let i = 1; i <= times; i += 1) {
    try {
      const { requests, statuses, bad, held, rightAfterMs } = await play(name, rate);
      const failed = requests - (statuses[200] ?? 0);
      console.log(
        `  ${i}/${times}  ${requests} requests, failed: ${failed}; ${held} instances held; right after ${rightAfterMs.toFixed(0)} ms`,
      );
      for (const example of bad) console.log(`        ${example}`);
      isSpared &&= failed === 0;
    } catch (error) {
      console.log(`  ${i}/${times}  ${error instanceof Error ? error.message : String(error)}`);
      isSpared = false;
    }
  }
  return isSpared;
};

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', multiple: true, default: Object.keys(SCENARIOS) },
      times: { type: 'string', default: '3' },
      rate: { type: 'string', default: '500' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const unknown = values.scenario.filter(name => !isScenario(name));
  if (unknown.length > 0) throw new Error(`no scenario is called ${unknown.join(', ')}; see --help`);
  const [times, rate] = [count('times', values.times), count('rate', values.rate)];
  let isSpared = true;
  for (const name of values.scenario.filter(isScenario))
    isSpared = (await run(name, times, rate)) && isSpared;
  return isSpared ? 0 : 1;
};

process.exitCode = await main().catch((error: unknown) => {
  console.error(`chaos: ${error instanceof Error ? error.message : String(error)}`);
  return 2;
});
