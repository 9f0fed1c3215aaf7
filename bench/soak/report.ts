import type { Latency } from '../load/load.ts';
import { asText } from '../table.ts';
import { FIGURES, type Holding } from './holding.ts';
import type { MixReport } from './mixer.ts';
import { type Trend, trendOf } from './trend.ts';
import type { Series } from './watch.ts';

/** What a soak gave. */
export interface SoakReport {
  readonly gets: Latency;
  readonly mixed: MixReport;
  /** Rounds of changes in Consul and Redis. */
  readonly changes: number;
  /** Spans that were lost, in words. */
  readonly lost: readonly string[];
  readonly series: Series;
}

interface Line {
  readonly name: keyof Holding;
  readonly trend: Trend;
}

const linesOf = ({ series }: SoakReport): Line[] =>
  (Object.keys(series) as (keyof Holding)[]).map(name => ({ name, trend: trendOf(series[name]) }));

const growing = (report: SoakReport): string[] =>
  linesOf(report).flatMap(({ name, trend }) => (FIGURES[name].decides && trend.isUpward ? [name] : []));

/** Whether nothing grows and every answer was good. */
export const isSound = (report: SoakReport): boolean =>
  growing(report).length +
    report.gets.bad +
    report.gets.missed +
    report.mixed.examples.length +
    report.lost.length ===
  0;

/** For a terminal. */
export const soakText = (report: SoakReport): string => {
  const { gets, mixed, changes, lost } = report;
  const latency = [gets.p50, gets.p99, gets.p999].map(value => value.toFixed(2)).join(' / ');
  const failed = Object.entries(mixed.failed).map(([use, times]) => `${use} ${times} times`);
  const upward = growing(report);
  return [
    `small GETs: ${gets.done} good, ${gets.bad} bad, ${gets.missed} missed; p50 / p99 / p99.9: ${latency} ms`,
    ...(gets.missed > 0 ? ['  the gateway or this machine fell behind: a lower --rate tells more'] : []),
    `the mix: ${mixed.done} uses, ${failed.length === 0 ? 'none failed' : `failed: ${failed.join(', ')}`}`,
    ...mixed.examples.map(example => `  ${example}`),
    `changes: ${changes}`,
    ...lost,
    '',
    trendTable(linesOf(report)),
    '',
    upward.length === 0 ? 'nothing grows' : `upward: ${upward.join(', ')}`,
  ].join('\n');
};

const trendTable = (lines: readonly Line[]): string =>
  asText({
    head: ['figure', 'level', 'growth', 'an hour', 'at least', 'at most', ''],
    rows: lines.map(({ name, trend: { level, growth, slope, low, high, isUpward } }) => {
      const { per, unit, decides } = FIGURES[name];
      const text = (value: number): string => `${(value / per).toFixed(per === 1 ? 1 : 2)} ${unit}`.trim();
      return [
        name,
        text(level),
        text(growth),
        text(slope * 3_600),
        text(low * 3_600),
        text(high * 3_600),
        isUpward ? `upward${decides ? '' : ' (does not decide)'}` : '',
      ];
    }),
  });
