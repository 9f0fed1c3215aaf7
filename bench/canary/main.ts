/** npm run canary-sim */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../whole-number.ts';
import { BAD_CELLS, GOOD_CELLS } from './cells.ts';
import { type Results, simulationTables } from './report.ts';
import { simulateBad, simulateGood } from './simulate.ts';

const USAGE = `npm run canary-sim -- [--runs N] [--only N[,N…]]

How canaries are judged, by simulation: how often a good one is rolled back, how soon a bad one is caught, and what
fixed thresholds make of the same requests. Prints the tables.

  --runs N    of each cell (default 5000)
  --only N    these cells alone, by their numbers; of the others the figures of the last run stay
  --write     keep the figures, and the tables in docs/canaries.md

Example:
  npm run canary-sim -- --runs 500 --only 1,8`;

const FIGURES = new URL('../../docs/canary-sim.json', import.meta.url);
const PAGE = new URL('../../docs/canaries.md', import.meta.url);
const PART = /(<!-- canary-sim: [^>]*-->\n)[\s\S]*?(<!-- \/canary-sim -->)/;

const OPTIONS = {
  runs: { type: 'string', default: '5000' },
  only: { type: 'string' },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

const main = (): number => {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const runs = wholeNumber('runs', values.runs);
  const only = values.only?.split(',').map(Number);
  const last = JSON.parse(readFileSync(FIGURES, 'utf8')) as Results;
  const all = GOOD_CELLS.length + BAD_CELLS.length;
  const take = <Cell, Result>(
    cells: readonly Cell[],
    before: readonly (Result | null)[],
    first: number,
    simulate: (cell: Cell, runs: number, seed: number) => Result,
  ): (Result | null)[] =>
    cells.map((cell, index) => {
      const number = first + index;
      if (only !== undefined && !only.includes(number)) return before[index] ?? null;
      console.error(`cell ${number} of ${all}`);
      return simulate(cell, runs, number * 1e6);
    });
  const results: Results = {
    good: take(GOOD_CELLS, last.good, 1, simulateGood),
    bad: take(BAD_CELLS, last.bad, 1 + GOOD_CELLS.length, simulateBad),
  };
  const tables = simulationTables(results);
  console.log(tables);
  if (values.write) {
    writeFileSync(FIGURES, `${JSON.stringify(results, undefined, 1)}\n`);
    const page = readFileSync(PAGE, 'utf8');
    writeFileSync(
      PAGE,
      page.replace(PART, (_all, start, end) => `${start}${tables}${end}`),
    );
  }
  return 0;
};

process.exitCode = main();
