import { upperBound } from './bounds.ts';
import { BAD_CELLS, type Cell, GOOD_CELLS } from './cells.ts';
import type { BadResult, GoodResult } from './simulate.ts';

/** By cell, in the order of `cells.ts`; null where it was not simulated yet. */
export interface Results {
  readonly good: readonly (GoodResult | null)[];
  readonly bad: readonly (BadResult | null)[];
}

/** Both tables, in Markdown. */
export const simulationTables = ({ good, bad }: Results): string => `
A canary as good as the stable version, through whole rollouts:

| | requests a second | latencies | runs | rolled back | at most | fixed, 1 check | fixed, 5 checks | minutes to 100 % |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${GOOD_CELLS.map((cell, index) => goodRow(cell, good[index] ?? null)).join('')}
A bad one, from the first request of a step:

| | step | requests a second | latencies | runs | missed within 2,000 | at most | caught by (half, 99 %) | fixed, 1 check | fixed, 5 checks |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${BAD_CELLS.map((cell, index) => badRow(cell, cell.share, bad[index] ?? null)).join('')}
`;

const goodRow = ({ name, scene }: Cell, result: GoodResult | null): string => {
  if (result === null) return '';
  const { runs, rolledBack, fixed, median, held } = result;
  const end = held === 0 ? (median / 60).toFixed(0) : `${(median / 60).toFixed(0)}, ${held} held for 6 hours`;
  return row(
    name,
    String(scene.rate),
    scene.shape,
    whole(runs),
    percent(rolledBack / runs),
    percent(upperBound(rolledBack, runs)),
    percent(fixed.one / runs),
    percent(fixed.five / runs),
    end,
  );
};

const badRow = ({ name, scene }: Cell, share: number, result: BadResult | null): string => {
  if (result === null) return '';
  const { runs, missed, median, p99, fixed } = result;
  return row(
    name,
    `${share * 100} %`,
    String(scene.rate),
    scene.shape,
    whole(runs),
    percent(missed / runs),
    percent(upperBound(missed, runs)),
    `${whole(median)}, ${whole(p99)}`,
    percent(fixed.one / runs),
    percent(fixed.five / runs),
  );
};

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;

const percent = (part: number): string => `${(100 * part).toFixed(part > 0 && part < 0.1 ? 2 : 0)} %`;

const whole = (count: number): string => Math.round(count).toLocaleString('en');
