import type { Table } from '../table.ts';
import type { SlowFigures } from './slow.ts';

const MOST_TIMES = 2;
const MOST_BYTES = 300e6;

/** @param quick only answers count */
export const isSound = (figures: SlowFigures, quick: boolean): boolean =>
  faultsOf(figures).filter(fault => !quick || fault.startsWith('bad')).length === 0;

const faultsOf = ({ quiet, elsewhere, opening, attacked, rss }: SlowFigures): string[] => [
  ...[opening, attacked]
    .map(({ bad, missed }) => bad + missed)
    .filter(count => count > 0)
    .map(count => `bad answers: ${count}`),
  ...(attacked.p99 > MOST_TIMES * Math.max(quiet.p99, elsewhere.p99) ? [`p99 over ${MOST_TIMES} ×`] : []),
  ...(rss > MOST_BYTES ? [`over ${MOST_BYTES / 1e6} MB`] : []),
];

export const slowTable = (all: readonly SlowFigures[]): Table => ({
  head: [
    'attack',
    'connections',
    'quiet p50 ms',
    'p99 ms',
    'elsewhere p99 ms',
    'opening p99 ms',
    'held p50 ms',
    'p99 ms',
    '× quiet',
    '× elsewhere',
    'RSS MB',
    '',
  ],
  rows: all.map(figures => {
    const { attack, quiet, elsewhere, opening, attacked, open, rss } = figures;
    return [
      attack.name,
      open.toLocaleString('en'),
      quiet.p50.toFixed(2),
      quiet.p99.toFixed(2),
      elsewhere.p99.toFixed(2),
      opening.p99.toFixed(2),
      attacked.p50.toFixed(2),
      attacked.p99.toFixed(2),
      (attacked.p99 / quiet.p99).toFixed(2),
      (attacked.p99 / elsewhere.p99).toFixed(2),
      (rss / 1e6).toFixed(0),
      faultsOf(figures).join('; '),
    ];
  }),
});
