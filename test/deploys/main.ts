/**
 * Deploys under load, as long as one likes: npm run deploys -- --scenario roll --times 20 --rate 500
 * Exits with 1 where a request failed that should not have.
 */
import { parseArgs } from 'node:util';
import { type LoadReport, lineOf, sumOf } from './report.ts';
import { play, SCENARIOS, type ScenarioName } from './scenarios.ts';
import { openStage } from './stage.ts';

const HELP = `Deploys under load: real Consul, Redis, gateway, sidecars and programs.

  npm run deploys -- [--scenario NAME …] [--times N] [--rate REQUESTS_PER_SECOND]

${Object.entries(SCENARIOS)
  .map(([name, { what }]) => `  ${name.padEnd(14)}${what}`)
  .join('\n')}

Examples:
  npm run deploys -- --times 20
  npm run deploys -- --scenario kill-program --scenario kill-sidecar --times 5 --rate 200
`;

const isScenario = (name: string): name is ScenarioName => name in SCENARIOS;

const count = (flag: string, text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${flag} "${text}": expected a whole number above 0, e.g. --${flag} 20`);
};

const run = async (name: ScenarioName, times: number, perSecond: number): Promise<boolean> => {
  console.log(`${name}: ${SCENARIOS[name].what}, ${times} times at ${perSecond} requests a second`);
  const stage = await openStage();
  const reports: LoadReport[] = [];
  try {
    for await (const report of play(stage, name, { times, perSecond })) {
      reports.push(report);
      console.log(`  ${reports.length}/${times}  ${lineOf(report)}`);
      for (const example of report.examples) console.log(`        ${example}`);
    }
    const total = sumOf(reports);
    const twice = stage.doneTwice();
    console.log(`  all   ${lineOf(total)}; ${twice.length} done twice`);
    const isSpared = total.failed.idempotent === 0 && (name !== 'roll' || total.failed.other === 0);
    return isSpared && twice.length === 0;
  } finally {
    await stage.close();
  }
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
  console.error(`deploys: ${error instanceof Error ? error.message : String(error)}`);
  return 2;
});
